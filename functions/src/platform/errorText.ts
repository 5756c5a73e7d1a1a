import { redact } from "./redact.ts";

// Error Reporting shows no more, and a module's message may be a whole page.
const MAX_MESSAGE = 1000;
const MAX_CAUSES = 5;

/**
 * An error for the log: its name, message and stack and those of its causes, in the form that Error Reporting groups.
 * Data that errors quote is left out: PostgreSQL's row details, invalid values, pieces of JSON.
 */
export function errorStack(error: unknown): string {
  const parts: string[] = [];
  let current = error;
  for (let depth = 0; depth <= MAX_CAUSES && current !== undefined; depth += 1) {
    parts.push(`${errorText(current)}${framesOf(current)}`);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join("\nCaused by: ");
}

/** An error's name and message, without data and secrets. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return cleaned(String(error));
  const state = "code" in error && typeof error.code === "string" ? ` (${error.code})` : "";
  return `${error.name}${state}: ${cleaned(withoutValues(error))}`;
}

// "data exception": its messages end with the value, `invalid input syntax for type integer: "…"`.
const DATA_EXCEPTION = /^22\w{3}$/;

function withoutValues(error: Error): string {
  if ("code" in error && typeof error.code === "string" && DATA_EXCEPTION.test(error.code)) {
    return error.message.replace(/".*"/s, "…");
  }
  return error instanceof SyntaxError ? withoutExcerpt(error.message) : error.message;
}

const EXCERPT_END = " is not valid JSON";

/** JSON.parse's message quotes the text: `Unexpected token 'x', ..."{"a": x"... is not valid JSON`. */
function withoutExcerpt(message: string): string {
  const start = message.indexOf('"');
  if (start === -1 || !message.endsWith(EXCERPT_END)) return message;
  return `${message.slice(0, start).replace(/\.\.\.$/, "")}…${EXCERPT_END}`;
}

function framesOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  return frames.length === 0 ? "" : `\n${frames.join("\n")}`;
}

function cleaned(text: string): string {
  // Redacting megabytes would take long; a secret that begins within the message is still seen whole.
  return storedReason(redact(text.slice(0, 10 * MAX_MESSAGE)), MAX_MESSAGE);
}

const MAX_REASON = 2000;

/** Another party's words for a text column: bounded, without what PostgreSQL refuses. */
export function storedReason(text: string, maxLength = MAX_REASON): string {
  // Cut first: three megabytes are not worth a pass.
  const bounded = text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;
  // Half a surrogate pair, also one that the cut has made, cannot be stored.
  return bounded.replaceAll("\0", "\uFFFD").toWellFormed();
}
