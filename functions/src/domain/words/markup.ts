import { decodeHTML } from "entities";

// Only what opens or closes an element, or is a comment: "a < b" stays.
const TAG = /<\/?[a-z][^<>]*>|<!--[^<>]*-->/gi;
const BLOCK = /<\/?(?:p|div|br|li|ul|ol|h[1-6]|tr|td|section|article|blockquote)\b[^<>]*>/gi;
const INVISIBLE = /\u00ad|\u200b|\u200c|\u200d|\u2060|\ufeff/g;

/** A text as a browser would show it: without tags and with its entities decoded, on one line. */
export function withoutMarkup(text: string): string {
  const untagged = text.includes("<") ? text.replaceAll(BLOCK, " ").replaceAll(TAG, "") : text;
  const decoded = untagged.includes("&") ? decodeHTML(untagged) : untagged;
  return decoded.replaceAll(INVISIBLE, "").replaceAll(/\s+/g, " ").trim();
}

/** What texts have in common that look the same to a reader. */
export function sameText(text: string): string {
  return withoutMarkup(text).normalize("NFKC").toLowerCase();
}
