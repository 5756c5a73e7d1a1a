import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "@jest/globals";

const ROOT = join(__dirname, "../..");
const CODE = /```[\s\S]*?```|`[^`\n]*`/g;
// `[text](target)` and `![text](target)`, with a title or without.
const LINK = /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g;

/** The anchors that GitHub gives a file's headings. */
function anchorsOf(markdown: string): Set<string> {
  const headings = markdown.replaceAll(/```[\s\S]*?```/g, "").matchAll(/^#{1,6}\s+(.+?)\s*$/gm);
  return new Set(
    [...headings].map(([, text = ""]) =>
      text
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(/\s/g, "-"),
    ),
  );
}

/** The links of a file that lead nowhere. */
function brokenLinks(path: string, markdown: string): string[] {
  return [...markdown.replaceAll(CODE, "").matchAll(LINK)].flatMap(([, target = ""]) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [file = "", anchor] = target.split("#");
    const found = file === "" ? join(ROOT, path) : join(ROOT, dirname(path), decodeURIComponent(file));
    if (!existsSync(found)) return [`${path}: ${target}`];
    if (anchor === undefined || !found.endsWith(".md")) return [];
    return anchorsOf(readFileSync(found, "utf8")).has(anchor) ? [] : [`${path}: ${target}`];
  });
}

test("every relative link in a Markdown file leads somewhere", () => {
  const list = ["ls-files", "--cached", "--others", "--exclude-standard", "--", "*.md"];
  const files = execFileSync("git", list, { cwd: ROOT, encoding: "utf8" }).trim().split("\n");
  const present = files.filter((path) => existsSync(join(ROOT, path)));
  expect(present.length).toBeGreaterThan(20);
  expect(present.flatMap((path) => brokenLinks(path, readFileSync(join(ROOT, path), "utf8")))).toEqual([]);
});

test.each([
  ["a file that is not there", "[a](missing.md)", ["docs/README.md: missing.md"]],
  ["a heading that is not there", "[a](#no-such-heading)", ["docs/README.md: #no-such-heading"]],
  ["a picture", "![a](images/missing.png)", ["docs/README.md: images/missing.png"]],
  [
    "a file, a folder, a heading and a website",
    "[a](../README.md) [b](guides) [c](#documentation) [d](https://a.b)",
    [],
  ],
  ["code", "`[a](missing.md)`", []],
])("%s", (_, markdown, broken) => {
  expect(brokenLinks("docs/README.md", markdown)).toEqual(broken);
});
