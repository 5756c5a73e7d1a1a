import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, jest, test } from "@jest/globals";
import { parseSync } from "@swc/core";
import { check } from "recheck";

// Some take the analysis seconds, on a machine that does other things too.
jest.setTimeout(300_000);

const ROOT = join(__dirname, "../..");

interface Expression {
  readonly file: string;
  readonly pattern: string;
  readonly flags: string;
}

/** The regular expressions that stand in the source, each once. */
function expressions(): Expression[] {
  const files = globSync(["functions/src/**/*.{ts,cts}", "scripts/**/*.ts"], { cwd: ROOT });
  const found = files
    .filter((file) => !file.endsWith(".test.ts"))
    .flatMap((file) => {
      const tree: unknown = parseSync(readFileSync(join(ROOT, file), "utf8"), {
        syntax: "typescript",
        target: "esnext",
      });
      return [...literalsIn(tree)].map((literal) => ({ file, ...literal }));
    });
  return [...Map.groupBy(found, ({ pattern, flags }) => `/${pattern}/${flags}`).values()].flatMap(
    ([first]) => first ?? [],
  );
}

function* literalsIn(node: unknown): Generator<Omit<Expression, "file">> {
  if (typeof node !== "object" || node === null) return;
  if ("type" in node && node.type === "RegExpLiteral" && "pattern" in node && "flags" in node) {
    yield { pattern: String(node.pattern), flags: String(node.flags) };
  }
  for (const child of Object.values(node)) yield* literalsIn(child);
}

test("a slow expression is told from a fast one", async () => {
  expect((await check("\\/+$", "")).status).toBe("vulnerable");
  expect((await check("(?<!\\/)\\/+$", "")).status).toBe("safe");
});

test("every regular expression takes time in proportion to its text", async () => {
  const all = expressions();
  expect(all.length).toBeGreaterThan(100);
  const slow: string[] = [];
  for (const { file, pattern, flags } of all) {
    const { status } = await check(pattern, flags, { timeout: 60_000 });
    if (status !== "safe") slow.push(`${file}: /${pattern}/${flags} is ${status}`);
  }
  expect(slow).toEqual([]);
});
