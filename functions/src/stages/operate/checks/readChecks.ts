import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

// Beside src/ and lib/, at the same depth of both, and deployed with the code.
const CHECKS = join(import.meta.dirname, "../../../../checks");

/** A query that returns wrong data, and the words that operators get about it. */
export interface DataCheck {
  readonly name: string;
  /** What holds while it passes. */
  readonly title: string;
  readonly severity: "WARN" | "HALT";
  readonly means: string;
  readonly remedy: string;
  readonly sql: string;
}

const header = z.strictObject({
  title: z.string(),
  severity: z.enum(["warn", "halt"]),
  means: z.string(),
  do: z.string(),
});

/** Reads all checks in functions/checks, by name. @throws Error if a head comment is incomplete */
export async function readChecks(): Promise<DataCheck[]> {
  const files = (await readdir(CHECKS)).filter((file) => file.endsWith(".sql")).toSorted();
  return Promise.all(
    files.map(async (file) =>
      checkOf(file.slice(0, -".sql".length), await readFile(join(CHECKS, file), "utf8")),
    ),
  );
}

/** Parses a file's text as a check. */
export function checkOf(name: string, sql: string): DataCheck {
  const parsed = header.safeParse(headerFields(sql));
  if (!parsed.success) {
    throw new Error(`The head of the check ${name} is incomplete:\n${z.prettifyError(parsed.error)}`);
  }
  const { title, severity, means, do: remedy } = parsed.data;
  return { name, title, severity: severity === "halt" ? "HALT" : "WARN", means, remedy, sql };
}

/** `-- name: text` and continuation lines, up to the first other line. */
function headerFields(sql: string): Record<string, string> {
  const fields: [name: string, text: string][] = [];
  for (const line of sql.split("\n")) {
    const [, name, text] = /^-- (\w+): +(\S.*)$/.exec(line) ?? [];
    const [, more] = /^-- {3}(\S.*)$/.exec(line) ?? [];
    const last = fields.at(-1);
    if (name !== undefined && text !== undefined) fields.push([name, text]);
    else if (more !== undefined && last !== undefined) last[1] += ` ${more}`;
    else break;
  }
  return Object.fromEntries(fields);
}
