import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, jest, test } from "@jest/globals";
import { parseSync } from "@swc/core";
import { check } from "recheck";

// Some take the analysis seconds, on a machine that does other things too.
jest.setTimeout(300_000);

/**
 * Found safe by recheck, in 0.3 to 9 s each; an expression that is changed is no longer here, and is analyzed again.
 * Empty the list when recheck is updated, and fill it with those that are safe and slow to analyze.
 */
const ANALYZED: readonly RegExp[] = [
  /\b(xox[a-z]-|xapp-|gh[a-z]_|github_pat_|sk-)[\w-]{8,}/g,
  /https?:\S+|www\.\S+|(?<!\S)\S+@\S+|(?<![\p{L}\p{N}-])[\p{L}\p{N}-]+\.\p{L}{2,}(?:\/\S*)?|[<>]|\]\(/giu,
  /(?<ready>All emulators ready|Running script:)|Failed to load function definition from source: (?<unloaded>.*)|(?<taken>port taken|EADDRINUSE|Address already in use)/,
  /\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi,
  /(?<![\w.%+-])[\w.%+-]+@[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}/gi,
  /\b(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})(?:[T ](?<time>\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?\b/g,
  /(?<![.\s])[.\s]+$/,
  /\d[\d.]{15}|[[:,\s]-?\d[\d.]*[eE]/,
  /(?<!0)0+$/,
  /([?&](?:token|key|secret|signature|access_token|api_key)=)[^\s&"']+/gi,
  /^parma-analytics-notification-channel-key-[\w-]{1,200}$/,
  /.{69}(?=.)/g,
  /(?![0-9])\p{Nd}+/gu,
  /(?<!\/)\/+$/,
  /^\/+|(?<!\/)\/+$/g,
  /(?<=[.!?:;])\s+/,
];

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
  const analyzed = new Set(ANALYZED.map(String));
  const slow: string[] = [];
  for (const { file, pattern, flags } of all) {
    if (analyzed.has(`/${pattern}/${flags}`)) continue;
    const { status } = await check(pattern, flags, { timeout: 60_000 });
    if (status !== "safe") slow.push(`${file}: /${pattern}/${flags} is ${status}`);
  }
  expect(slow).toEqual([]);
});
