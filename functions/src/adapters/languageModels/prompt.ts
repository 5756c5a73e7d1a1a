import { readFileSync } from "node:fs";
import { join } from "node:path";

// Beside src/ and lib/, at the same depth of both, and deployed with the code.
const PROMPTS = join(import.meta.dirname, "../../../prompts");

const texts = new Map<string, string>();

/**
 * The prompt of a file in functions/prompts, with its `{{placeholders}}` filled in. Only our own words go in
 * there; what strangers wrote goes into a user's message, by {@link quoted}.
 *
 * @throws Error where a placeholder is not given, or what is given has no place
 */
export function prompt(name: string, values: Readonly<Record<string, string | number>> = {}): string {
  const unused = new Set(Object.keys(values));
  const filled = textOf(name).replaceAll(/\{\{(\w+)\}\}/g, (_placeholder, key: string) => {
    const value = values[key];
    if (value === undefined) throw new Error(`The prompt ${name} needs a value for {{${key}}}`);
    unused.delete(key);
    return String(value);
  });
  if (unused.size > 0) throw new Error(`The prompt ${name} has no place for ${[...unused].join(", ")}`);
  return filled;
}

function textOf(name: string): string {
  const known = texts.get(name);
  if (known !== undefined) return known;
  const text = readFileSync(join(PROMPTS, `${name}.md`), "utf8").trimEnd();
  texts.set(name, text);
  return text;
}

/** A value as JSON in a block of that tag. Nothing in the value can end the block: its `<` are escaped. */
export function quoted(tag: string, value: unknown): string {
  return `<${tag}>\n${JSON.stringify(value).replaceAll("<", "\\u003c")}\n</${tag}>`;
}
