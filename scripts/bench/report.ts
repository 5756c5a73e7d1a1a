import { styleText } from "node:util";
import type { Change } from "./compare.ts";
import type { BenchResult, SuiteResult } from "./result.ts";
import { type Figure, isReached, type Measured, type Target } from "./suite.ts";

/** A result for people. */
export function resultAsText({ machine, quick, suites }: BenchResult): string {
  const { processor, cores, memoryGiB } = machine;
  const targets = suites.flatMap(({ figures }) => figures.filter(({ target }) => target !== undefined));
  const reached = targets.filter((figure) => isReached(figure) === true);
  return [
    `${processor}, ${cores} cores, ${memoryGiB} GiB`,
    ...(quick ? ["Small sizes: these figures show that the suites work, and nothing else."] : []),
    "",
    ...suites.flatMap(suiteAsText),
    ...(targets.length > 0 ? [`${reached.length} of ${targets.length} targets are reached.`] : []),
  ].join("\n");
}

function suiteAsText({ name, explains, seconds, load, figures, error }: SuiteResult): string[] {
  const machineLoad = `load ${load[0]} to ${load[1]}`;
  const widths = {
    name: Math.max(0, ...figures.map((figure) => figure.name.length)),
    measured: Math.max(0, ...figures.map(({ measured }) => measuredAsText(measured).length)),
  };
  return [
    styleText("bold", `${name}: ${explains}`),
    styleText("dim", `${Math.round(seconds)} s, ${machineLoad}`),
    "",
    ...(error === undefined ? [] : [`  It failed: ${error}`, ""]),
    ...figures.flatMap((figure) => figureAsText(figure, widths)),
  ];
}

function figureAsText(figure: Figure, widths: { name: number; measured: number }): string[] {
  const { name, explains, measured, absolute } = figure;
  const number = styleText("bold", measuredAsText(measured).padEnd(widths.measured));
  const besides = absolute.map(({ what, value, unit }) => `${what} ${shown(value)} ${unit}`);
  return [
    `  ${name.padEnd(widths.name)}  ${number}  ${verdictOf(figure)}`.trimEnd(),
    ...[explains, ...inLines(besides)].map((line) => styleText("dim", `      ${line}`)),
    "",
  ];
}

const LONGEST_LINE = 110;

/** As many in a line as there is room for. */
function inLines(parts: readonly string[]): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const longer = `${lines.at(-1)} · ${part}`;
    if (lines.length > 0 && longer.length <= LONGEST_LINE) lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines;
}

function measuredAsText(measured: Measured): string {
  if (measured.as === "count") return `${shown(measured.count)} ${measured.unit}`;
  const [low, high] = measured.spread;
  const count = measured.rounds.length;
  const rounds = `${count} ${count === 1 ? "round" : "rounds"}`;
  return `${shown(measured.median)} (${shown(low)} to ${shown(high)}, ${rounds})`;
}

function verdictOf(figure: Figure): string {
  const reached = isReached(figure);
  if (reached === undefined || figure.target === undefined) return "";
  const wanted = targetAsText(figure.target);
  return reached ? styleText("green", `✔ ${wanted}`) : styleText("red", `✖ ${wanted} is not reached`);
}

function targetAsText(target: Target): string {
  return "atLeast" in target ? `at least ${shown(target.atLeast)}` : `at most ${shown(target.atMost)}`;
}

/** What changed between two runs, for people. */
export function changesAsText(changes: readonly Change[], since: string): string {
  const clear = changes.filter(({ isClear }) => isClear);
  const same = changes.length - clear.length;
  return [
    styleText("bold", `Since ${since}`),
    ...clear.map(
      ({ suite, figure, before, after }) => `  ${suite}, ${figure}: ${changeInWords(before, after)}`,
    ),
    `  ${clear.length > 0 ? `${same} others` : `${same} figures`} are within the spread of their rounds.`,
    "",
  ].join("\n");
}

function changeInWords(before: number | undefined, after: number | undefined): string {
  if (before === undefined || after === undefined) {
    return after === undefined ? `was ${shown(before ?? 0)}, is gone` : `${shown(after)}, new`;
  }
  const percent = before === 0 ? "" : ` (${percentOf(after / before - 1)})`;
  return `${shown(before)} → ${shown(after)}${percent}`;
}

function percentOf(share: number): string {
  const percent = Math.round(share * 100);
  return `${percent > 0 ? "+" : ""}${percent} %`;
}

/** Three digits that count; whole where they are more. */
function shown(number: number): string {
  const digits =
    Math.abs(number) >= 100 || Number.isInteger(number)
      ? { maximumFractionDigits: 0 }
      : { maximumSignificantDigits: 3 };
  return number.toLocaleString("en", digits);
}
