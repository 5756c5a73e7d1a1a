import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import type { Command } from "commander";
import { program } from "./program.ts";

const ROOT = join(__dirname, "..");
const README = readFileSync(join(ROOT, "README.md"), "utf8");

/** What a text tells its reader to run, up to where the code, the sentence or the shell's command ends. */
const MENTION = /scripts\/dev ([a-z][^`|#;&<>"'\\\n)]*)/g;

const named = (command: Command, name: string | undefined) =>
  command.commands.find((one) => one.name() === name);

/** The commands in a text that do not exist, and the options that theirs lack. */
function unknownCommands(text: string): string[] {
  return [...text.matchAll(MENTION)].flatMap(([, mention = ""]) => {
    const [words = ""] = mention.split(" -- ");
    const found = resolve(program, words.split(/[\s,:.]+/));
    if (found === undefined) return [mention.trim()];
    const known = new Set(["--help", ...found.options.map(({ long }) => long)]);
    const options = [...words.matchAll(/(?<=\s)--[a-z][a-z-]*/g)].map(([option]) => option);
    return options.filter((option) => !known.has(option)).map((option) => `${found.name()} ${option}`);
  });
}

/** The command that words begin with. One of its subcommands must follow where it has any. */
function resolve(command: Command, [word, ...rest]: readonly string[]): Command | undefined {
  const alternatives = word?.split("|") ?? [];
  // A placeholder: "ops …", "ops COMMAND".
  if (command !== program && (word === undefined || word === "" || /^(…|[A-Z]+)$/.test(word))) return command;
  const children = alternatives.map((name) => named(command, name));
  const [child] = children;
  if (child === undefined || children.includes(undefined)) return undefined;
  return child.commands.length === 0 ? child : resolve(child, rest);
}

// The changelog tells of options that are gone, and this file of some that never were.
const EXCEPT = ["CHANGELOG.md", "scripts/program.test.ts"];

describe("every command that a text names exists, with its options", () => {
  const list = ["ls-files", "--cached", "--others", "--exclude-standard", "--"];
  const kinds = ["*.md", "*.sql", "*.ts", "*.tf", "*.yml", "*.json", ".ci/*"];
  const files = execFileSync("git", [...list, ...kinds], { cwd: ROOT, encoding: "utf8" })
    .trim()
    .split("\n");
  const texts = files
    .filter((path) => existsSync(join(ROOT, path)) && !EXCEPT.includes(path))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));

  test("in docs, code, checks and workflows", () => {
    const unknown = texts.flatMap(({ path, text }) =>
      unknownCommands(text).map((what) => `${path}: ${what}`),
    );
    expect(unknown).toEqual([]);
    expect(texts.flatMap(({ text }) => [...text.matchAll(MENTION)]).length).toBeGreaterThan(50);
  });

  test.each([
    ["a command that does not exist", "`scripts/dev nonsense`", ["nonsense"]],
    ["a subcommand that does not exist", "`scripts/dev ops nonsense`", ["ops nonsense"]],
    ["an option that does not exist", "`scripts/dev deliveries --most 3`", ["deliveries --most"]],
    ["another command's option", "scripts/dev demo --port 3", ["demo --port"]],
    [
      "existing commands, placeholders and arguments for jest",
      "`scripts/dev ops …`, `scripts/dev ops retry`, scripts/dev test --only unit -- --coverage",
      [],
    ],
  ])("%s", (_, text, unknown) => {
    expect(unknownCommands(text)).toEqual(unknown);
  });
});

test("the README's table lists every command, and no other", () => {
  const [, table = ""] = README.split("## Work on it");
  const cells = [...table.matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell = ""]) => cell).slice(1);
  const listed = cells.flatMap((cell) => [...cell.matchAll(/`([a-z][\w-]*)[^`]*`/g)].map(([, name]) => name));
  // The README opens with the demo, and calls `firebase` as `npx firebase`.
  const commands = program.commands.map((one) => one.name());
  expect(new Set([...listed, "demo", "firebase"])).toEqual(new Set(commands));
});
