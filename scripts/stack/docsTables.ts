import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FunctionDeclaration } from "../../functions/src/platform/declaration.ts";
import type { DeclaredRoute } from "../../functions/src/platform/declared.ts";
import type { Callers } from "../../functions/src/platform/http.ts";
import { PURPOSES, type Purpose, settingList } from "../../functions/src/platform/settings.ts";
import { projectDir } from "../paths.ts";

const CREDENTIALS: Readonly<Record<Callers<unknown>["kind"], string>> = {
  anyone: "none",
  "web application": "`PARMA_WEB_SECRET`, once it is set",
  module: "a module's token",
  operator: "an operator's token",
};

/** The routes, for docs/http.md. */
export function httpTable(routes: readonly DeclaredRoute[]): string {
  const rows = routes
    .toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.method < b.method ? -1 : 1))
    .map(
      ({ method, path, declaration: { callers, summary } }) =>
        `| \`${method} ${path.replace(":id", "{id}")}\` | ${summary} | ${CREDENTIALS[callers.kind]} |`,
    );
  return ["| route | what it does | credentials |", "|---|---|---|", ...rows, ""].join("\n");
}

/** The settings by purpose, for docs/configuration.md. */
export function configurationTable(functions: readonly FunctionDeclaration[]): string {
  const rows = settingList
    .filter(({ setBy }) => setBy !== "platform")
    .map(({ name, about, isSecret, setBy, schema, purposes }) => {
      const fallback = schema.safeParse(undefined);
      const value = fallback.success ? shown(fallback.data) : "–";
      const kind = isSecret ? "secret" : setBy === "local" ? "local" : "";
      return `| \`${name}\` | ${about} | ${value} | ${kind} | ${usedBy(purposes, functions)} |`;
    });
  return ["| setting | meaning | default | kind | used by |", "|---|---|---|---|---|", ...rows, ""].join(
    "\n",
  );
}

function shown(value: unknown): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return "none";
  return `\`${String(value)}\``;
}

function usedBy(purposes: readonly Purpose[], functions: readonly FunctionDeclaration[]): string {
  if (purposes.includes("database")) return "all functions";
  if (purposes[0] === "deployment") return PURPOSES.deployment;
  const accounts = functions
    .filter(({ uses = [] }) => uses.some((purpose) => purposes.includes(purpose)))
    .map(({ account }) => account);
  return [...new Set(accounts)].join(", ");
}

/** Replaces the text between `<!-- name -->` and `<!-- end -->` in a file of docs/. */
export async function writeTable(file: string, name: string, table: string): Promise<void> {
  const path = join(projectDir, "docs", file);
  const text = await readFile(path, "utf8");
  const begin = `<!-- ${name} -->\n`;
  const [before, rest] = text.split(begin);
  const after = rest?.slice(rest.indexOf("<!-- end -->"));
  if (before === undefined || after === undefined)
    throw new Error(`${path} has no place for the table ${name}`);
  await writeFile(path, `${before}${begin}${table}${after}`);
}
