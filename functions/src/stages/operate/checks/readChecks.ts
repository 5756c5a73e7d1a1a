import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

// Beside src/ and lib/, at the same depth of both, and deployed with the code.
const CHECKS = join(import.meta.dirname, "../../../../checks");

/** A query that returns what is wrong with the data, and what operators are told of it. */
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

/** Reads all checks of functions/checks, by name. @throws Error where the comment at a head is not complete */
export async function readChecks(): Promise<DataCheck[]> {
  const files = (await readdir(CHECKS)).filter((file) => file.endsWith(".sql")).toSorted();
  return Promise.all(
    files.map(async (file) =>
      checkOf(file.slice(0, -".sql".length), await readFile(join(CHECKS, file), "utf8")),
    ),
  );
}

/** The check that a file's text is. */
export function checkOf(name: string, sql: string): DataCheck {
  const parsed = header.safeParse(headerFields(sql));
  if (!parsed.success) {
    throw new Error(`The head of the check ${name} is incomplete:\n${z.prettifyError(parsed.error)}`);
  }
  const { title, severity, means, do: remedy } = parsed.data;
  return { name, title, severity: severity === "halt" ? "HALT" : "WARN", means, remedy, sql };
}

/** `-- name: text`, and lines that go on, up to the first that is neither. */
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
