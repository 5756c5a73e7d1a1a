import {
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseSync } from "@swc/core";
import { z } from "zod";
import type { foundSchema } from "./found.ts";
import { SAMPLES } from "./samples.ts";

// Finds the SQL of the sources: `node collect.ts ROOT GLOB…` prints it, as found.ts says.
//
// In a copy of the sources, every string that begins as SQL does is wrapped, so that it tells its text when it is
// evaluated: whatever constants and functions it is composed of, this is the text that the database gets. Strings in
// functions are evaluated once more at the end of their module, where that takes nothing local or a sample is given.

const SQL =
  /^\s*(?:--.*\n\s*)*(?:\(*select\b|insert into\b|update [\w."$]|delete from\b|merge into\b|with\s[\s\S]*?\b(?:as|AS) (?:(?:not )?materialized )?\()/;
/** A template that begins with what it is composed of (here a NUL), by what comes next. */
const COMPOSED =
  /^\s*(?:with \0[\s\S]*\b(?:select|update|insert|delete)|\0\s*(?:select|where|returning|order by|union))\s/;

/** In small letters or in capitals: a sentence begins with one capital. */
function isSql(text: string): boolean {
  return SQL.test(text.replace(/^\s*[A-Z]{4,}\b(?: [A-Z]{4,}\b)?/, (words) => words.toLowerCase()));
}

const found: { file: string; line: number; texts: Set<string> }[] = [];

function keepText(id: number, text: string): string {
  if (isSql(text)) found[id]?.texts.add(text);
  return text;
}

/** Evaluates a string, and what a sample does before it. What is missing there is seen by the lack of a text. */
function keepEvaluated(id: number, evaluate: () => string): void {
  try {
    keepText(id, evaluate());
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
  }
}

/** Wraps the SQL of a file in the copy; whether there was any. */
function wrapStrings(file: string): boolean {
  const bytes = readFileSync(join(copy, file));
  const textOf = (start: number, end: number) => bytes.toString("utf8", start, end);
  let [wrapped, evaluated, done] = ["", "", 0];
  for (const [start, end] of stringsIn(bytes)) {
    const id = found.push({ file, line: textOf(0, start).split("\n").length, texts: new Set() }) - 1;
    const string = textOf(start, end);
    wrapped += `${textOf(done, start)}keepText(${id}, ${string})`;
    evaluated += `\nkeepEvaluated(${id}, () => { ${SAMPLES[file] ?? ""}; return ${string}; });`;
    done = end;
  }
  if (done === 0) return false;
  writeFileSync(join(copy, file), wrapped + textOf(done, bytes.length) + evaluated);
  return true;
}

const span = z.object({ start: z.int(), end: z.int() });
const stringNode = z.discriminatedUnion("type", [
  z.object({ type: z.literal("StringLiteral"), span, value: z.string() }),
  z.object({ type: z.literal("TemplateLiteral"), span, quasis: z.array(z.object({ cooked: z.string() })) }),
]);

/** Where the outermost strings that begin as SQL does are, in bytes and in order. */
function stringsIn(source: Buffer): [start: number, end: number][] {
  // Positions count from the first token of all that was parsed: here it is this one.
  const first = "0;";
  const module = parseSync(first + source.toString(), { syntax: "typescript", target: "es2024" });
  const offset = module.span.start + first.length;
  const strings: [start: number, end: number][] = [];
  visit(module.body);
  return strings.sort(([a], [b]) => a - b);

  function visit(tree: unknown): void {
    if (typeof tree !== "object" || tree === null) return;
    if ("type" in tree && (tree.type === "StringLiteral" || tree.type === "TemplateLiteral")) {
      const node = stringNode.parse(tree);
      if (mayBeSql(node)) {
        strings.push([node.span.start - offset, node.span.end - offset]);
        return;
      }
    }
    for (const child of Object.values(tree)) visit(child);
  }
}

function mayBeSql(node: z.output<typeof stringNode>): boolean {
  if (node.type === "StringLiteral") return isSql(node.value);
  const text = node.quasis.map(({ cooked }) => cooked).join("\0");
  return isSql(text) || COMPOSED.test(text);
}

const [root = ".", ...patterns] = process.argv.slice(2);
// Programs are left out, as they would run.
const files = globSync(patterns, { cwd: root, exclude: ["**/*.test.ts", "**/*.d.ts", "**/main.ts"] });
const copy = mkdtempSync(join(tmpdir(), "parma-sql-"));
try {
  cpSync(root, copy, {
    recursive: true,
    filter: (path) => !/\/(?:node_modules|lib|\.git|\.local)$/.test(path),
  });
  for (const folder of ["node_modules", "functions/node_modules"]) {
    if (existsSync(join(root, folder))) symlinkSync(join(root, folder), join(copy, folder));
  }
  const withSql = files.filter((file) => wrapStrings(file));
  Object.assign(globalThis, { keepText, keepEvaluated });
  for (const file of withSql) await import(pathToFileURL(join(copy, file)).href);
} finally {
  rmSync(copy, { recursive: true });
}
const result: z.input<typeof foundSchema> = found.map((one) => ({ ...one, texts: [...one.texts] }));
// What the modules have opened is cut off once this is written.
process.stdout.write(JSON.stringify(result), () => process.exit());
