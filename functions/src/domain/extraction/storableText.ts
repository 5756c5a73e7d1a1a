import { createHash } from "node:crypto";

/** What keeps PostgreSQL from storing a text as it is, or undefined. */
export function textObstacle(text: string): string | undefined {
  if (text.includes("\0")) return "text without NUL characters";
  return text.isWellFormed() ? undefined : "text of whole Unicode characters";
}

/** A text's fingerprint: 128 bits of its SHA-256, enough for any number of texts. */
export function fingerprint(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex").slice(0, 32)}`;
}

/** A text that an index takes as a key: long ones end in their fingerprint. */
export function shortened(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = `…${fingerprint(text)}`;
  return `${text.slice(0, length - end.length).toWellFormed()}${end}`;
}
