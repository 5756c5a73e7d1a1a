import { lazily } from "../../platform/lazily.ts";
import { oneLine } from "./text.ts";

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
const rounded = perDigits((maximumSignificantDigits) => ({ maximumSignificantDigits }));
const compact = perDigits((maximumSignificantDigits) => ({ notation: "compact", maximumSignificantDigits }));
const scientific = perDigits((maximumSignificantDigits) => ({
  notation: "scientific",
  maximumSignificantDigits,
}));

// As exact as people read, and as exact as any text gets where two numbers would look the same.
const DIGITS = 4;
const MAX_DIGITS = 6;
// Beyond these, a number is written with its exponent: it must not fill a screen with digits.
const LARGEST = 1e15;
const SMALLEST = 1e-6;

/** "412", "1,204", "12.35", "3.457M", "−2.5B", "1E300": at most `digits` significant ones, whole numbers below a million all. */
export function formatNumber(value: number, digits = DIGITS): string {
  const magnitude = Math.abs(value);
  if (magnitude >= LARGEST || (magnitude < SMALLEST && magnitude > 0)) {
    return minus(scientific(digits).format(value));
  }
  if (magnitude >= 1_000_000) return minus(compact(digits).format(value));
  return minus((Number.isInteger(value) ? whole() : rounded(wholeDigits(magnitude, digits))).format(value));
}

// A number below a million loses digits after its point, and none before it.
function wholeDigits(magnitude: number, digits: number): number {
  return Math.max(digits, magnitude < 1 ? 0 : Math.floor(Math.log10(magnitude)) + 1);
}

/** A number with its unit: "$3.457M", "4.2%", "412 stars". */
export function formatValue(value: number, unit: string | undefined, digits = DIGITS): string {
  if (unit === undefined) return formatNumber(value, digits);
  if (unit === "%") return `${formatNumber(value, digits)}%`;
  const sign = currencySign(unit);
  if (sign !== undefined) return `${value < 0 ? "−" : ""}${sign}${formatNumber(Math.abs(value), digits)}`;
  return `${formatNumber(value, digits)} ${oneLine(unit)}`;
}

/** "$" of "USD", "CHF " of "CHF"; undefined where the unit is no currency. */
function currencySign(unit: string): string | undefined {
  if (/^[A-Z]{0,2}\p{Sc}$/u.test(unit)) return unit;
  if (!/^[A-Z]{3}$/.test(unit) || !currencies().has(unit)) return undefined;
  const sign = new Intl.NumberFormat("en", { style: "currency", currency: unit })
    .formatToParts(1)
    .find(({ type }) => type === "currency")?.value;
  return sign === undefined || /^[A-Z]{3}$/.test(sign) ? `${unit} ` : sign;
}

const currencies = lazily(() => new Set(Intl.supportedValuesOf("currency")));

/** How many digits it takes for numbers that differ to look different: "1.2341M" and "1.2342M". */
export function digitsToTellApart(values: readonly number[]): number {
  const different = new Set(values).size;
  const isEnough = (digits: number) =>
    new Set(values.map((value) => formatNumber(value, digits))).size === different;
  let digits = DIGITS;
  while (digits < MAX_DIGITS && !isEnough(digits)) digits += 1;
  return digits;
}

/** An estimate: "990–1,050", "−5 to 12". Digits below a hundredth of its width are more than it is worth. */
export function formatRange(
  { low, high }: { readonly low: number; readonly high: number },
  unit?: string,
): string {
  const step = high > low ? 10 ** (Math.floor(Math.log10(high - low)) - 1) : 0;
  const roughly = (value: number) => {
    // Without the digits of the multiplication (3 * 0.1 is not 0.3), and without a sign for 0.
    const estimate = Number((Math.round(value / step) * step).toPrecision(12)) + 0;
    return Number.isFinite(estimate) ? estimate : value;
  };
  const ends = [roughly(low), roughly(high)];
  const digits = digitsToTellApart(ends);
  const [from = "", to = ""] = ends.map((end) => formatValue(end, unit, digits));
  if (from === to) return from;
  return from.startsWith("−") || to.startsWith("−") ? `${from} to ${to}` : `${from}–${to}`;
}

/** As {@link formatNumber}, shorter from a thousand on: for axes. */
export function formatTick(value: number): string {
  const magnitude = Math.abs(value);
  return magnitude >= 1_000 && magnitude < LARGEST ? minus(compact(3).format(value)) : formatNumber(value, 3);
}

const signed = { signDisplay: "exceptZero" } as const;
const percent = lazily(() => new Intl.NumberFormat("en-US", { maximumFractionDigits: 1, ...signed }));
const wholePercent = lazily(() => new Intl.NumberFormat("en-US", { maximumFractionDigits: 0, ...signed }));
const compactPercent = lazily(
  () => new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: DIGITS, ...signed }),
);
const scientificPercent = lazily(
  () =>
    new Intl.NumberFormat("en-US", { notation: "scientific", maximumSignificantDigits: DIGITS, ...signed }),
);

/** A change in percent: "+38%", "−4.2%", "0%", "+1.235M%". */
export function formatChange(change: number): string {
  const magnitude = Math.abs(change);
  // Not all is gone as long as something is left.
  if (magnitude > 99 && magnitude < 100) return `${minus(percent().format(Math.trunc(change * 10) / 10))}%`;
  const format =
    magnitude >= LARGEST
      ? scientificPercent
      : magnitude >= 1_000_000
        ? compactPercent
        : magnitude >= 10
          ? wholePercent
          : percent;
  return `${minus(format().format(change))}%`;
}

/** A change without its sign: "38%". */
export function formatChangeSize(change: number): string {
  return formatChange(Math.abs(change)).replace("+", "");
}

/** Formats by their number of digits. Each is made once: making one takes longer than judging a point. */
function perDigits(options: (digits: number) => Intl.NumberFormatOptions) {
  const made = new Map<number, Intl.NumberFormat>();
  return (digits: number): Intl.NumberFormat => {
    const format = made.get(digits) ?? new Intl.NumberFormat("en-US", options(digits));
    made.set(digits, format);
    return format;
  };
}

// The hyphen that Intl gives is too short beside figures, and mail clients break lines after it. The exponent keeps it.
function minus(figure: string): string {
  return figure.replace(/^-/, "−");
}

/** "1 finding", "3 findings". */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${whole().format(number)} ${number === 1 ? noun : plural}`;
}

const YEAR_MS = 365.25 * 86_400_000;

/** "10 years", "7 months", "3 weeks", "2 days": how long a time is, in its largest unit. */
function formatSpan(ms: number): string {
  const units = [
    [YEAR_MS, "year"],
    [YEAR_MS / 12, "month"],
    [7 * 86_400_000, "week"],
  ] as const;
  const [unitMs, unit] = units.find(([unitMs]) => ms >= 1.95 * unitMs) ?? [86_400_000, "day"];
  return count(Math.max(1, Math.round(ms / unitMs)), unit);
}

/** "10 years of history: 12 notable moments, the latest on 3 Mar 2025". */
export function historyLine({
  count: moments,
  from,
  to,
}: {
  readonly count: number;
  readonly from: Date;
  readonly to: Date;
}): string {
  const span = moments === 1 ? "History" : `${formatSpan(to.getTime() - from.getTime())} of history`;
  return `${span}: ${count(moments, "notable moment")}, ${moments === 1 ? "" : "the latest "}on ${formatDay(to)}`;
}
