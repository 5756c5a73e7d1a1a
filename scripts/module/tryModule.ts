import type { AddressInfo } from "node:net";
import { builtinModules } from "../../functions/src/adapters/modules/builtin/index.ts";
import type { BuiltinModule } from "../../functions/src/adapters/modules/builtinModule.ts";
import { externalModule } from "../../functions/src/adapters/modules/external.ts";
import { extractValues } from "../../functions/src/domain/extraction/extractValues.ts";
import type { Issue, StoredValue } from "../../functions/src/domain/extraction/value.ts";
import { isCrm } from "../../functions/src/domain/miningModule/crmCompany.ts";
import { identifierProblem } from "../../functions/src/domain/miningModule/identifierSite.ts";
import type {
  Identifiers,
  MiningModule,
  ModuleCompany,
  ModuleSource,
} from "../../functions/src/domain/miningModule/miningModule.ts";
import { ModuleError } from "../../functions/src/domain/miningModule/moduleError.ts";
import type {
  Mapping,
  MeasuredMap,
  MeasuredMapping,
  NormalizationMap,
} from "../../functions/src/domain/normalizationMap/normalizationMap.ts";
import { parseLosslessJson, type RawObject } from "../../functions/src/domain/rawDocument/losslessJson.ts";
import { UserError } from "../userError.ts";
import { serveCallBacks } from "./callBacks.ts";

/** The module to try and the company to try it for. */
export interface TrialRequest {
  /** A built-in module's name, or the http(s) endpoint of an external one. */
  readonly module: string;
  readonly company: { readonly name: string; readonly domains?: readonly string[] };
  /** Used instead of discovery. */
  readonly identifiers?: Identifiers | undefined;
  /** The data source's additional_params. */
  readonly params?: unknown;
  /** Where an external module calls back: a port of this machine. */
  readonly port: number;
  readonly now: Date;
}

/** What the pipeline would make of one mining call. */
export interface Trial {
  /** `problem` says why an identifier is not sent to the module. */
  readonly identifiers: readonly {
    readonly property: string;
    readonly value: string;
    readonly problem?: string;
  }[];
  readonly documents: readonly { readonly observedAt: Date; readonly rawData: RawObject }[];
  readonly values: readonly TrialValue[];
  /** `document` counts from 0. */
  readonly issues: readonly (Issue & { readonly document: number })[];
  /** Why nothing was filed, or what else failed. */
  readonly reason?: string;
}

interface TrialValue {
  /** Counts from 0. */
  readonly document: number;
  readonly measurement: string;
  readonly type: StoredValue["table"];
  /** The element of a nested list; empty outside of lists. */
  readonly item: string;
  readonly path: string;
  readonly value: StoredValue["value"];
  readonly observedAt: Date;
}

// Stands in for ids that a database would give.
const ID = 1;
const LIMIT_SECONDS = 300;

/**
 * Runs one mining call of a module as production would, from the handshake to the values, in memory.
 *
 * @throws UserError if there is no such module or the port is taken
 */
export async function tryModule(request: TrialRequest): Promise<Trial> {
  const documents: Trial["documents"][number][] = [];
  const errors: string[] = [];
  const file = (rawData: RawObject, observedAt: Date | undefined) => {
    documents.push({ rawData, observedAt: observedAt ?? request.now });
  };
  const opened = await openModule(request, file, (message) => errors.push(message));
  let identifiers: Trial["identifiers"] = [];
  let map: NormalizationMap | undefined;
  try {
    ({ map } = await opened.module.describe(request.now));
    const source = { ...opened.source, name: map.Source };
    const company = isCrm(source) ? undefined : { id: ID, ...request.company };
    if (company !== undefined) identifiers = await identifiersOf(opened.module, source, company, request);
    await mine(opened.module, company, identifiers, request.now);
  } catch (error) {
    if (!(error instanceof ModuleError)) throw error;
    errors.push(`${error.type}: ${error.message}`);
  } finally {
    await opened.close();
  }
  if (documents.length === 0 && errors.length === 0) errors.push(opened.whyNothing);
  const measured = map === undefined ? { values: [], issues: [] } : measure(map, documents);
  return { identifiers, documents, ...measured, ...(errors.length > 0 && { reason: errors.join("; ") }) };
}

interface OpenModule {
  readonly module: MiningModule;
  readonly source: ModuleSource;
  /** The reason to show if nothing was filed and nothing failed. */
  readonly whyNothing: string;
  close(): Promise<void>;
}

type FileDocument = (rawData: RawObject, observedAt: Date | undefined) => void;

async function openModule(
  { module: name, params = null, port }: TrialRequest,
  feed: FileDocument,
  crawlError: (message: string) => void,
): Promise<OpenModule> {
  const source = { id: ID, name, endpoint: name, additionalParams: params };
  if (/^https?:\/\//.test(name)) {
    const server = await serveCallBacks(port, { feed, crawlError });
    const address: AddressInfo | string | null = server.address();
    const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : port}`;
    return {
      module: externalModule(source),
      source,
      whyNothing: `The module answered but fed nothing to ${url}. Is that its ANALYTICS_BASE_URL?`,
      close: () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    };
  }
  const load = builtinModules.get(name);
  if (load === undefined) {
    const names = [...builtinModules.keys()].join(", ");
    throw new UserError(
      `There is no built-in module "${name}". Built in: ${names}. For an external one, give its http(s) endpoint.`,
    );
  }
  return {
    module: inMemory(await load(), source, feed),
    source,
    whyNothing: "The module filed nothing for this company.",
    close: async () => undefined,
  };
}

/** A built-in module that files into memory and always starts from the beginning. */
function inMemory(module: BuiltinModule, source: ModuleSource, file: FileDocument): MiningModule {
  return {
    describe: () => module.describe(source),
    discover: (company, now) => module.discover(company, source, now),
    async mine({ company = { id: ID, name: "" }, identifiers, signal, now }) {
      const fileRawDocument = async (rawData: RawObject, observedAt?: Date) => file(rawData, observedAt);
      await module.mine({ source, company, identifiers, cursor: undefined, signal, now, fileRawDocument });
    },
  };
}

async function identifiersOf(
  module: MiningModule,
  source: ModuleSource,
  company: ModuleCompany,
  { identifiers: given, now }: TrialRequest,
): Promise<Trial["identifiers"]> {
  const found = given ?? (await module.discover(company, now)).identifiers;
  return Object.entries(found).flatMap(([property, values]) =>
    values.map((value) => {
      const problem = identifierProblem(source.name, property, value);
      return { property, value, ...(problem !== undefined && { problem }) };
    }),
  );
}

async function mine(
  module: MiningModule,
  company: ModuleCompany | undefined,
  identifiers: Trial["identifiers"],
  now: Date,
): Promise<void> {
  const usable = identifiers.filter(({ problem }) => problem === undefined);
  if (company !== undefined && usable.length === 0) {
    const refused = identifiers.map(({ property, value, problem }) => `${property} "${value}": ${problem}`);
    const message =
      refused.length === 0 ? `The module found no identifier for "${company.name}"` : refused.join("; ");
    throw new ModuleError("NoIdentifiers", message, { retryable: false, blames: "company" });
  }
  const byProperty = Map.groupBy(usable, ({ property }) => property);
  await module.mine({
    taskId: ID,
    attempt: 1,
    company,
    identifiers: Object.fromEntries(
      [...byProperty].map(([property, group]) => [property, group.map(({ value }) => value)]),
    ),
    signal: AbortSignal.timeout(LIMIT_SECONDS * 1000),
    now,
    tokenLifeSeconds: LIMIT_SECONDS,
  });
}

function measure(map: NormalizationMap, documents: Trial["documents"]): Pick<Trial, "values" | "issues"> {
  const names: string[] = [];
  const numbered = numberMeasurements(map, names);
  const extracted = documents.map(({ rawData }) => extractValues(numbered, rawData));
  return {
    values: extracted.flatMap(({ values }, document) =>
      values.map(({ measurementId, itemKey, path, stored }) => ({
        document,
        measurement: names[measurementId - 1] ?? "",
        type: stored.table,
        item: itemKey,
        path,
        value: stored.value,
        observedAt: documents[document]?.observedAt ?? new Date(Number.NaN),
      })),
    ),
    issues: extracted.flatMap(({ issues }, document) => issues.map((issue) => ({ document, ...issue }))),
  };
}

/** Numbers the measurements in place of database ids, and keeps their names by number. */
function numberMeasurements(map: NormalizationMap, names: string[]): MeasuredMap {
  const numbered = ({ NestedMappings, ...mapping }: Mapping): MeasuredMapping => {
    names.push(mapping.MeasurementName);
    const source_measurement_id = names.length;
    const nested = NestedMappings && { NestedMappings: NestedMappings.map(numbered) };
    return { ...mapping, ...nested, source_measurement_id };
  };
  return { Source: map.Source, Mappings: map.Mappings.map(numbered) };
}

/** `additional_params` from a command line. @throws UserError if it is not JSON */
export function parseParams(text: string): unknown {
  try {
    return parseLosslessJson(text).value;
  } catch (cause) {
    throw new UserError(`--params is not JSON: ${text}`, { cause });
  }
}
