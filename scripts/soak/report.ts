import type { Difference } from "./compare.ts";
import type { SoakOutcome } from "./outcome.ts";
import type { SoakResult, SoakRun } from "./soak.ts";

const SHOWN_DIFFERENCES = 40;

/** The result for people. */
export function resultAsText(result: SoakResult): string {
  const { options, documents, calm, faulty, differences } = result;
  return [
    `${documents} documents, seed ${options.seed}`,
    "",
    table([
      ["", "without faults", "with faults"],
      ["seconds", seconds(calm.seconds), seconds(faulty.seconds)],
      ...figuresOf(calm).map(([name, figure], i) => [name, figure, figuresOf(faulty)[i]?.[1] ?? ""]),
    ]),
    "",
    `Faults: ${faultsInWords(faulty)}`,
    `Recovery: ${recoveryInWords(faulty)}`,
    "",
    ...differencesInWords(differences),
  ].join("\n");
}

/** The result for programs, without the traces themselves. */
export function resultAsJson(result: SoakResult): string {
  const { options, documents, calm, faulty, differences } = result;
  return JSON.stringify({
    options,
    documents,
    calm: runAsJson(calm),
    faulty: {
      ...runAsJson(faulty),
      faults: Object.fromEntries(faulty.faults?.counts ?? []),
      recoveriesMs: faulty.faults?.recoveriesMs.map(Math.round) ?? [],
      tailSeconds: rounded(faulty.tailSeconds),
    },
    differences,
  });
}

function runAsJson({ outcome, seconds, retries, processes, repeatedFeeds }: SoakRun) {
  return {
    seconds: rounded(seconds),
    ...countsOf(outcome),
    processes,
    retries: { ...retries, feeds: repeatedFeeds },
  };
}

function countsOf({ documents, values, scores, news, messages }: SoakOutcome) {
  return {
    documents: documents.length,
    values: values.length,
    scores: scores.length,
    news: news.length,
    toldFindings: messages.length,
  };
}

function figuresOf({ outcome, retries, processes, repeatedFeeds }: SoakRun): [string, string][] {
  const counts = countsOf(outcome);
  return [
    ["raw documents", `${counts.documents}`],
    ["values", `${counts.values}`],
    ["scored comments", `${counts.scores}`],
    ["news", `${counts.news}`],
    ["findings told, by email and in Slack", `${counts.toldFindings}`],
    ["processes of the functions started", `${processes}`],
    ["feeds repeated by modules", `${repeatedFeeds}`],
    ["scheduled tasks repeated", `${retries.tasks}`],
    ["mining calls repeated / given up", `${retries.calls} / ${retries.callsGivenUp}`],
    ["documents set going again", `${retries.documents}`],
    ["messages repeated / given up as UNKNOWN", `${retries.deliveries} / ${retries.unknownDeliveries}`],
    ["changes of state refused", `${retries.refusedTransitions}`],
    ["slowest document", `${retries.slowestDocumentSeconds} s`],
  ];
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))),
    )
    .map((cells) => cells.join("  ").trimEnd())
    .join("\n");
}

function faultsInWords({ faults }: SoakRun): string {
  const counts = [...(faults?.counts ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return counts.map(([what, count]) => `${count} ${what}`).join(", ");
}

function recoveryInWords({ faults, tailSeconds }: SoakRun): string {
  const longest = Math.max(0, ...(faults?.recoveriesMs ?? [])) / 1_000;
  return (
    `after a restart of PostgreSQL the next document was done within ${seconds(longest)} s; ` +
    `${seconds(tailSeconds)} s after the last fault everything was`
  );
}

function differencesInWords(differences: readonly Difference[]): string[] {
  if (differences.length === 0) return ["No difference: nothing lost, nothing twice."];
  const shown = differences.slice(0, SHOWN_DIFFERENCES);
  const more = differences.length - shown.length;
  return [
    `${differences.length} differences:`,
    ...shown.map(({ kind, how, what, ids }) => `  ${kind}, ${how}: ${what} (${ids})`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

function seconds(count: number): string {
  return String(rounded(count));
}

function rounded(count: number): number {
  return Math.round(count * 10) / 10;
}
