import { styleText } from "node:util";

/** Runs one step of a long command; `report` shows its progress. */
export type Step = <T>(title: string, work: (report: (text: string) => void) => Promise<T>) => Promise<T>;

// How often progress is printed where lines cannot be overwritten.
const SHOWN_EVERY_MS = 10_000;

/**
 * Shows on standard error which step a command is at: on a terminal, one line that changes; otherwise one line per
 * finished step, and now and then what a long one is waiting for. The caller reports why a step failed.
 */
export const step: Step = async (title, work) => {
  const { stderr } = process;
  const started = performance.now();
  const show = (mark: string, text: string) => {
    const line = [mark, title, text && styleText("dim", text, { stream: stderr })].filter(Boolean).join(" ");
    stderr.write(stderr.isTTY ? `\r\x1b[2K${line}` : `${line}\n`);
  };
  let shown: string | undefined;
  let shownAt = started;
  const report = (text: string) => {
    const isDue = stderr.isTTY || performance.now() - shownAt > SHOWN_EVERY_MS;
    if (text === shown || !isDue) return;
    show("›", text);
    shown = text;
    shownAt = performance.now();
  };
  report("");
  try {
    const result = await work(report);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    show(styleText("green", "✔", { stream: stderr }), `${seconds} s`);
    return result;
  } catch (error) {
    show(styleText("red", "✖", { stream: stderr }), "");
    throw error;
  } finally {
    if (stderr.isTTY) stderr.write("\n");
  }
};
