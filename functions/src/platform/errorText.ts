import { redact } from "./redact.ts";

// Error Reporting shows no more, and what a module says may be a page.
const LONGEST_MESSAGE = 1000;
const MOST_CAUSES = 5;

/**
 * An error for the log: its name and message, its stack, and its causes', in the form in which Error Reporting groups
 * them. Without what errors quote of the data: PostgreSQL's row details, values that do not fit, pieces of JSON.
 */
export function errorStack(error: unknown): string {
  const parts: string[] = [];
  let current = error;
  for (let depth = 0; depth <= MOST_CAUSES && current !== undefined; depth += 1) {
    parts.push(`${errorText(current)}${framesOf(current)}`);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join("\nCaused by: ");
}

/** An error's name and message, without what must not be kept. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return shortened(redact(String(error)));
  const state = "code" in error && typeof error.code === "string" ? ` (${error.code})` : "";
  return `${error.name}${state}: ${shortened(redact(withoutValues(error)))}`;
}

// "data exception": its messages end with the value, `invalid input syntax for type integer: "…"`.
const DATA_EXCEPTION = /^22\w{3}$/;

const LONGEST_REASON = 2000;

/** What another party said, so that a text column can hold it: bounded, without what PostgreSQL refuses. */
export function storedReason(text: string): string {
  // Cut first: three megabytes are not worth a pass.
  const bounded = text.length > LONGEST_REASON ? `${text.slice(0, LONGEST_REASON - 1)}…` : text;
  return bounded.replaceAll("\0", "\uFFFD").toWellFormed();
}

function withoutValues(error: Error): string {
  if ("code" in error && typeof error.code === "string" && DATA_EXCEPTION.test(error.code)) {
    return error.message.replace(/".*"/s, "…");
  }
  return error instanceof SyntaxError
    ? error.message.replace(/(\.\.\.)?".*"(\.\.\.)? is not valid JSON/s, "… is not valid JSON")
    : error.message;
}

function framesOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  return frames.length === 0 ? "" : `\n${frames.join("\n")}`;
}

function shortened(text: string): string {
  return text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE)}…` : text;
}
