import { lazily } from "../../platform/lazily.ts";

const whole = lazily(() => new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 }));
const fraction = lazily(() => new Intl.NumberFormat("en-US", { maximumSignificantDigits: 5 }));

/** "1,412", "12.35", "3,460,000": as exact as people read. */
export function shortNumber(value: number): string {
  return (Number.isInteger(value) || Math.abs(value) >= 10_000 ? whole() : fraction()).format(value);
}

/** A number with its unit: "$1,200", "4.2 %". */
export function withUnit(value: number, unit: string | undefined): string {
  if (unit === undefined) return shortNumber(value);
  if (unit === "$" || unit === "€") return `${value < 0 ? "-" : ""}${unit}${shortNumber(Math.abs(value))}`;
  return `${shortNumber(value)} ${unit}`;
}

const percent = lazily(
  () => new Intl.NumberFormat("en-US", { maximumFractionDigits: 1, signDisplay: "exceptZero" }),
);
const wholePercent = lazily(
  () => new Intl.NumberFormat("en-US", { maximumFractionDigits: 0, signDisplay: "exceptZero" }),
);

/** "+38 %", "-4.2 %". */
export function signedPercent(change: number): string {
  return `${(Math.abs(change) >= 10 ? wholePercent() : percent()).format(change)} %`;
}

/** The same without its sign. */
export function sizeInPercent(change: number): string {
  return signedPercent(Math.abs(change)).replace("+", "");
}

/** A text in one line, cut at `longest` characters. */
export function shortText(text: string, longest: number): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > longest
    ? `${line
        .slice(0, longest - 1)
        .toWellFormed()
        .trimEnd()}…`
    : line;
}

/** "1 item", "3 items". */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${whole().format(count)} ${count === 1 ? noun : plural}`;
}
