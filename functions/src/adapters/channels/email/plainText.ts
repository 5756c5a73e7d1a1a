import { count } from "../../../domain/words/numbers.ts";
import { oneLine, printable } from "../../../domain/words/text.ts";

// Shorter than the 78 characters that mail clients quote without breaking lines anew.
const LINE_LENGTH = 72;

/** Text broken into lines between words. A word that is longer than a line, as a URL is, stays whole. */
export function paragraph(text: string, indent = ""): string {
  return printable(text)
    .trim()
    .split("\n")
    .map((line) => wrap(line, indent))
    .join("\n");
}

/** A paragraph as an item of a list. */
export function bullet(text: string): string {
  return `* ${paragraph(text, "  ").slice(2)}`;
}

function wrap(line: string, indent: string): string {
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(/ +/).filter((part) => part !== "")) {
    if (current !== "" && `${indent}${current} ${word}`.length > LINE_LENGTH) {
      lines.push(indent + current);
      current = word;
    } else {
      current = current === "" ? word : `${current} ${word}`;
    }
  }
  return [...lines, indent + current].join("\n");
}

// As large as the HTML beside it at most. Nobody reads so far, and mail clients cut off what is much larger.
const MAX_TEXT = 60_000;

function withinLimit(parts: readonly string[]): string[] {
  let room = MAX_TEXT;
  const shown = parts.filter((part) => {
    room -= part.length;
    return room >= 0;
  });
  const left = parts.length - shown.length;
  return left === 0
    ? [...parts]
    : [...shown, paragraph(`And ${count(left, "more section")}, in the web application.`)];
}

interface TextDocument {
  readonly title: string;
  readonly parts: readonly string[];
  readonly reason: string;
  readonly links: readonly (readonly [label: string, href: string])[];
}

/** An email's text: a title, the parts with an empty line between them, and the links below. */
export function textDocument({ title, parts, reason, links }: TextDocument): string {
  const heading = paragraph(oneLine(title));
  const rule = "=".repeat(
    Math.min(LINE_LENGTH, Math.max(...heading.split("\n").map(({ length }) => length))),
  );
  const footer = [
    paragraph(oneLine(reason)),
    ...links.map(([label, href]) => `${oneLine(label)}:\n  ${href}`),
  ];
  return `${[`${heading}\n${rule}`, ...withinLimit(parts), `-- \n${footer.join("\n")}`].join("\n\n")}\n`;
}
