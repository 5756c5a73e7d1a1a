import { lazily } from "../../platform/lazily.ts";
import { oneLine } from "./clip.ts";

const day = lazily(
  () =>
    new Intl.DateTimeFormat("en-GB", {
      day: "numeric",
      month: "short",
      year: "numeric",
      timeZone: "UTC",
    }),
);
const dayOfYear = lazily(
  () => new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" }),
);
const time = lazily(
  () =>
    new Intl.DateTimeFormat("en-GB", {
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
      timeZone: "UTC",
    }),
);

/** "3 Mar 2025", in UTC. */
export function formatDay(date: Date): string {
  return day().format(date);
}

/** "3 Mar 2025, 14:05 UTC"; without the time where it is midnight, as it is for what has a date only. */
export function formatInstant(date: Date): string {
  const clock = time().format(date);
  return clock === "00:00" ? formatDay(date) : `${formatDay(date)}, ${clock} UTC`;
}

/** "24 Feb – 2 Mar 2025". */
export function formatPeriod({ from, to }: { readonly from: Date; readonly to: Date }): string {
  const start = from.getUTCFullYear() === to.getUTCFullYear() ? dayOfYear().format(from) : formatDay(from);
  return `${start} – ${formatDay(to)}`;
}

const whole = lazily(() => new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 }));
const fraction = lazily(() => new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 }));
const compact = lazily(
  () => new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 }),
);

/** "412", "1,204", "12.35", "3.46M". */
export function formatNumber(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude >= 1_000_000) return minus(compact().format(value));
  return minus((Number.isInteger(value) || magnitude >= 10_000 ? whole() : fraction()).format(value));
}

/** A number with its unit: "$3.46M", "4.2 %", "412 stars". */
export function formatValue(value: number, unit: string | undefined): string {
  if (unit === undefined) return formatNumber(value);
  if (unit === "$" || unit === "€") return `${value < 0 ? "−" : ""}${unit}${formatNumber(Math.abs(value))}`;
  return `${formatNumber(value)} ${oneLine(unit)}`;
}

/** As {@link formatNumber}, shorter from a thousand on: for axes. */
export function formatTick(value: number): string {
  return Math.abs(value) >= 1_000 ? minus(compact().format(value)) : formatNumber(value);
}

const percent = lazily(
  () => new Intl.NumberFormat("en-US", { maximumFractionDigits: 1, signDisplay: "exceptZero" }),
);
const wholePercent = lazily(
  () => new Intl.NumberFormat("en-US", { maximumFractionDigits: 0, signDisplay: "exceptZero" }),
);

/** "+38 %", "−4.2 %", "0 %". The space does not break. */
export function formatChange(change: number): string {
  const figure = (Math.abs(change) >= 10 ? wholePercent() : percent()).format(change);
  return `${minus(figure)}\u00a0%`;
}

// The hyphen that Intl gives is too short beside figures, and mail clients break lines after it.
function minus(figure: string): string {
  return figure.replace("-", "−");
}

/** "1 finding", "3 findings". */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${whole().format(number)} ${number === 1 ? noun : plural}`;
}
