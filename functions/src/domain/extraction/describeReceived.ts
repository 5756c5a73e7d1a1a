import type { RawValue } from "../rawDocument/losslessJson.ts";

const MAX_LENGTH = 200;
const MAX_FIELDS = 5;

/** A raw value in a few words, for an issue. Whatever it holds, the words can be stored. */
export function describeReceived(raw: RawValue): string {
  if (typeof raw === "string") return describeText(raw);
  if (typeof raw !== "object" || raw === null) return cut(String(raw));
  if (Array.isArray(raw)) return `a list of ${raw.length}`;
  const fields = Object.keys(raw);
  const named = fields
    .slice(0, MAX_FIELDS)
    .map((field) => JSON.stringify(field))
    .join(", ");
  const others = fields.length - MAX_FIELDS;
  return cut(`an object with ${named || "no fields"}${others > 0 ? ` and ${others} more` : ""}`);
}

function describeText(text: string): string {
  // JSON writes NUL and half characters as escapes.
  const start = JSON.stringify(text.slice(0, MAX_LENGTH));
  return text.length > MAX_LENGTH || start.length > MAX_LENGTH
    ? `${cut(start)} (${text.length} characters)`
    : start;
}

function cut(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH - 1).toWellFormed()}…` : text;
}
