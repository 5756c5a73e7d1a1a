import { z } from "zod";
import phrases from "./placeholders.json" with { type: "json" };

/**
 * What pages show in place of their content. `is`: nothing else, but for a page's name around it ("Log in | Acme");
 * `starts`: the text begins so; `has`: said by nobody but such a page, wherever it stands.
 */
const phrase = z.union([
  z.strictObject({ is: z.string() }),
  z.strictObject({ starts: z.string() }),
  z.strictObject({ has: z.string() }),
]);

const rules = Object.entries(z.record(z.string(), z.array(phrase)).parse(phrases));

// A placeholder is short. A long text that begins with a cookie notice has content behind it.
const MAX_LENGTH = 600;

/**
 * What a text stands there for, where it is no content: a challenge, a cookie wall, an error page, …
 *
 * @returns the kind, as people call it; undefined where the text may be content
 */
export function placeholderKind(text: string): string | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const plain = plainText(text);
  const parts = plain.split(/ [|–—·•:-] /).map(trimmed);
  return rules.find(([, list]) => list.some((rule) => fits(rule, plain, parts)))?.[0];
}

function fits(rule: z.output<typeof phrase>, plain: string, parts: readonly string[]): boolean {
  if ("has" in rule) return plain.includes(rule.has);
  if ("starts" in rule) return plain.startsWith(rule.starts);
  return trimmed(plain) === trimmed(rule.is) || (parts.length === 2 && parts.includes(trimmed(rule.is)));
}

function plainText(text: string): string {
  return text.normalize("NFKC").toLowerCase().replaceAll(/[‘’]/g, "'").split(/\s+/).join(" ").trim();
}

/** Without the dots that say "wait", and other stops at the end. */
function trimmed(text: string): string {
  return /^(.*?[^.!…]|)[.!…]*$/s.exec(text)?.[1] ?? text;
}
