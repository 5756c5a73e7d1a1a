import { parseParams, type Trial, tryModule } from "../module/tryModule.ts";
import { UserError } from "../userError.ts";

export interface ModuleTryOptions {
  readonly company: string;
  readonly domain?: string;
  /** `property=value`; repeatable. */
  readonly identifier: readonly string[];
  readonly params?: string;
  readonly port: number;
  readonly json: boolean;
}

/** `module try`: prints what a module would file, normalize and measure for a company. Fails if it files nothing. */
export async function moduleTry(module: string, options: ModuleTryOptions): Promise<void> {
  // On this machine: modules on the local network may be called, and secrets have the emulator's defaults.
  process.env["FUNCTIONS_EMULATOR"] = "true";
  const trial = await tryModule({
    module,
    company: {
      name: options.company,
      ...(options.domain === undefined ? {} : { domains: [options.domain] }),
    },
    identifiers: options.identifier.length > 0 ? byProperty(options.identifier) : undefined,
    params: options.params === undefined ? undefined : parseParams(options.params),
    port: options.port,
    now: new Date(),
  });
  console.log(options.json ? asJson(trial) : asText(trial));
  if (trial.documents.length === 0) process.exitCode = 1;
}

function byProperty(given: readonly string[]): Record<string, string[]> {
  const identifiers: Record<string, string[]> = {};
  for (const pair of given) {
    const [, property, value] = /^([^=]+)=(.+)$/s.exec(pair) ?? [];
    if (property === undefined || value === undefined) {
      throw new UserError(`"${pair}" is not an identifier: write property=value.`);
    }
    identifiers[property] = [...(identifiers[property] ?? []), value];
  }
  return identifiers;
}

// Integers too large for a double are written as digits in a string.
const asJson = (trial: Trial) =>
  JSON.stringify(trial, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));

const SHOWN = 50;

function asText({ identifiers, documents, values, issues, reason }: Trial): string {
  return [
    ...section(
      "identifiers",
      identifiers.map(
        ({ property, value, problem }) => `${property}  ${value}${problem ? `  refused: ${problem}` : ""}`,
      ),
    ),
    ...section(
      "documents",
      documents.map(
        ({ observedAt, rawData }) => `${observedAt.toISOString()}  ${Object.keys(rawData).join(", ")}`,
      ),
    ),
    ...section(
      "values",
      values.map(({ measurement, item, type, value }) => {
        const shown = value instanceof Date ? value.toISOString() : String(value);
        return `${measurement}${item === "" ? "" : ` of ${item}`}  ${shown}  (${type})`;
      }),
    ),
    ...section(
      "issues",
      issues.map(({ path, expected, received }) => `${path}: expected ${expected}, received ${received}`),
    ),
    ...(reason === undefined ? [] : [reason]),
  ].join("\n");
}

function section(name: string, lines: readonly string[]): string[] {
  const more = lines.length - SHOWN;
  return [
    `${lines.length} ${name}`,
    ...lines.slice(0, SHOWN).map((line) => `  ${line}`),
    ...(more > 0 ? [`  … and ${more} more (--json shows all)`] : []),
    "",
  ];
}
