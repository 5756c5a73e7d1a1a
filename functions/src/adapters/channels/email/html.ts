import { printable } from "../../../domain/words/text.ts";

/** Markup that is safe to send: made by {@link html} alone. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

/** What a template may hold. Text and numbers are escaped, `null`, `undefined` and `false` are nothing. */
export type HtmlValue = Html | string | number | null | undefined | false | readonly HtmlValue[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A template of HTML whose values are escaped, for text and for attributes in quotes alike. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  // Indentation is for whoever reads the template; Gmail cuts a message off after 102 KB.
  const parts = strings.map((part) => part.replaceAll(/\n\s*/g, "\n"));
  return new Html(parts.reduce((markup, part, i) => markup + markupOf(values[i - 1]) + part));
}

function markupOf(value: HtmlValue): string {
  if (value === null || value === undefined || value === false) return "";
  if (value instanceof Html) return value.markup;
  if (typeof value === "string" || typeof value === "number") return escapeHtml(String(value));
  return value.map(markupOf).join("");
}

// Mail clients break lines after an en dash; a word joiner keeps "120–160" together.
const RANGE = /(?<=\S)–(?=\S)/g;

function escapeHtml(text: string): string {
  return printable(text)
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "")
    .replaceAll(RANGE, "–&#8288;");
}

/** Text in HTML, its line breaks kept. */
export function lines(text: string): HtmlValue {
  return printable(text)
    .trim()
    .split("\n")
    .flatMap((line, i) => (i === 0 ? [line] : [html`<br>`, line]));
}
