import { CURRENCIES, type NumberFormat } from "../normalizationMap/numberFormat.ts";

/** A number as it stood in text, exactly. */
export interface WrittenNumber {
  /** Digits with at most one point: `-1234.5`, or with an exponent: `1.5e-7`. */
  readonly decimal: string;
  /** `%`, an ISO code, a currency sign that several currencies share (`$`), or the declared unit. */
  readonly unit: string | undefined;
}

/** Signs of one currency only; `$`, `¥`, `kr` and others are shared and stay as they are. */
const CURRENCY_OF_SIGN: Readonly<Record<string, string>> = {
  "€": "EUR",
  "£": "GBP",
  "₹": "INR",
  "₺": "TRY",
  "₽": "RUB",
  "₩": "KRW",
  "₪": "ILS",
  "₴": "UAH",
  "₫": "VND",
  "฿": "THB",
  "₦": "NGN",
  "₱": "PHP",
  US$: "USD",
  C$: "CAD",
  CA$: "CAD",
  A$: "AUD",
  AU$: "AUD",
  NZ$: "NZD",
  HK$: "HKD",
  S$: "SGD",
  R$: "BRL",
  "CN¥": "CNY",
};

// Longer than any number that is written for people; the patterns below look at each character a few times.
const MAX_LENGTH = 100;
// What CLDR's lenient parsing takes for a minus, and the en dash that many pages use.
const MINUS = /^[-‒–⁻₋−➖]\s*/;

/**
 * Reads a number in text.
 *
 * @returns what was expected where it is none, or where it can be read in two ways: `1.234` is a number with three
 *   decimals, or one in the thousands
 */
export function readNumber(
  text: string,
  format: NumberFormat = {},
): WrittenNumber | { readonly expected: string } {
  if (text.length > MAX_LENGTH) return NO_NUMBER;
  // Narrow and fixed spaces become plain ones, full-width digits ordinary ones.
  const { rest, isNegative } = withoutSign(text.normalize("NFKC").trim());
  const written = withoutUnit(rest, format);
  if (written === undefined) return NO_NUMBER;
  if ("expected" in written) return written;
  const sign = withoutSign(written.rest);
  if (sign.isNegative && isNegative) return NO_NUMBER;
  const { digits, scale } = withoutScale(sign.rest, format);
  const readings = readingsOf(digits, format.locale);
  if (readings.length > 1) {
    return { expected: `a number with one reading; this can be ${readings.join(" or ")}` };
  }
  const [reading] = readings;
  if (reading === undefined) return NO_NUMBER;
  const value = scaled(reading, scale);
  return {
    decimal: isNegative || sign.isNegative ? `-${value}` : value,
    unit: written.unit,
  };
}

const NO_NUMBER = { expected: "a number" } as const;

/** Accounting writes negative numbers in parentheses. */
function withoutSign(text: string): { rest: string; isNegative: boolean } {
  const inner = /^\((.+)\)$/.exec(text)?.[1];
  if (inner !== undefined) return { rest: inner.trim(), isNegative: true };
  const unsigned = text.replace(MINUS, "");
  if (unsigned !== text) return { rest: unsigned, isNegative: true };
  return { rest: text.replace(/^[+＋]\s*/, ""), isNegative: false };
}

const CURRENCY = String.raw`(?:[A-Z]{0,2}\p{Sc}|[A-Za-z]{3}|kr\.?|zł|Kč|Ft|Fr\.?|lei)`;
const LEADING_UNIT = new RegExp(String.raw`^(?<unit>[%٪]|${CURRENCY})\s*(?=[-\p{Nd}.,(−–])`, "u");
const TRAILING_UNIT = new RegExp(String.raw`(?<=[\p{Nd}.,\p{L})])\s*(?<unit>[%٪]|${CURRENCY})$`, "u");

/** Takes the unit away: at one end, and none that contradicts the declared one. */
function withoutUnit(
  text: string,
  { unit, currency, percent }: NumberFormat,
): { rest: string; unit: string | undefined } | { expected: string } | undefined {
  const declared = percent ? "%" : (currency ?? unit);
  if (unit !== undefined && text.toLowerCase().endsWith(unit.toLowerCase())) {
    return { rest: text.slice(0, -unit.length).trim(), unit };
  }
  for (const pattern of [LEADING_UNIT, TRAILING_UNIT]) {
    const found = pattern.exec(text);
    const name = unitNamed(found?.groups?.["unit"] ?? "");
    if (found === null || name === undefined) continue;
    if (declared !== undefined && !agrees(name, declared)) {
      return { expected: `a number in ${declared}` };
    }
    return { rest: text.replace(pattern, "").trim(), unit: declared ?? name };
  }
  return { rest: text, unit: declared };
}

function unitNamed(unit: string): string | undefined {
  if (unit === "%" || unit === "٪") return "%";
  const sign = unit.replace(/\.$/, "");
  if (/^[A-Za-z]{3}$/.test(sign) && sign !== "lei") {
    return CURRENCIES.has(sign.toUpperCase()) ? sign.toUpperCase() : undefined;
  }
  return sign === "" ? undefined : (CURRENCY_OF_SIGN[sign] ?? sign);
}

/** `$` and other shared signs may stand for the declared currency. */
function agrees(found: string, declared: string): boolean {
  if (found === declared) return true;
  return /\p{Sc}$/u.test(found) && CURRENCIES.has(declared) && signsOf(declared).has(found);
}

function signsOf(currency: string): ReadonlySet<string> {
  return new Set(
    (["symbol", "narrowSymbol"] as const).flatMap((currencyDisplay) =>
      new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay })
        .formatToParts(1)
        .flatMap(({ type, value }) => (type === "currency" ? [value] : [])),
    ),
  );
}

/** English words for powers of ten. `m` alone is left out: it is metres and minutes as well. */
const ENGLISH_SCALES: Readonly<Record<string, number>> = {
  k: 3,
  K: 3,
  M: 6,
  mn: 6,
  mln: 6,
  B: 9,
  bn: 9,
  bln: 9,
  T: 12,
  tn: 12,
  thousand: 3,
  million: 6,
  billion: 9,
  trillion: 12,
};

function withoutScale(text: string, { locale, compact }: NumberFormat): { digits: string; scale: number } {
  const word = /^[\p{Nd}.,'’٬٫ ]*[\p{Nd}.,]\s*(\p{L}[\p{L}.]*)$/u.exec(text)?.[1];
  if (word === undefined) return { digits: text, scale: 0 };
  const scale =
    compact && locale !== undefined
      ? localScales(locale).get(plainWord(word))
      : (ENGLISH_SCALES[word] ?? (word.length > 3 ? ENGLISH_SCALES[word.toLowerCase()] : undefined));
  return scale === undefined
    ? { digits: text, scale: 0 }
    : { digits: text.slice(0, -word.length).trim(), scale };
}

function plainWord(word: string): string {
  return word.toLowerCase().replace(/\.$/, "");
}

/** What a language calls thousands, millions and so on, short and long, by CLDR. */
function localScales(locale: string): ReadonlyMap<string, number> {
  const scales = new Map<string, number>();
  for (const compactDisplay of ["short", "long"] as const) {
    const words = new Intl.NumberFormat(locale, { notation: "compact", compactDisplay });
    for (const exponent of [3, 6, 9, 12]) {
      for (const count of [1, 2, 5, 20, 100]) {
        const parts = words.formatToParts(count * 10 ** exponent);
        const word = parts.find(({ type }) => type === "compact")?.value;
        const integer = parts.find(({ type }) => type === "integer")?.value;
        // Some languages count in other powers (lakh, 万) there, or write the number out.
        if (word !== undefined && integer !== undefined && Number(asciiDigits(integer)) === count) {
          scales.set(plainWord(word.normalize("NFKC").trim()), exponent);
        }
      }
    }
  }
  return scales;
}

interface Separators {
  readonly group: string;
  readonly point: string;
}

/** The separators that CLDR's locales use, where nobody says which. Apostrophes and spaces only ever group. */
const KNOWN_SEPARATORS: readonly Separators[] = [
  { group: ",", point: "." },
  { group: ".", point: "," },
  { group: " ", point: "." },
  { group: " ", point: "," },
  { group: "'", point: "." },
  { group: "'", point: "," },
  { group: "٬", point: "٫" },
];

/** All that the digits can mean, each once: `1234.5`, or with its exponent. */
function readingsOf(text: string, locale: string | undefined): string[] {
  const plain = asciiDigits(text.replaceAll("’", "'"));
  if (!/\d/.test(plain)) return [];
  // Only programs write exponents, and they group nothing.
  if (/^(?:\d+(?:\.\d*)?|\.\d+)e[+-]?\d+$/i.test(plain)) return [plain.toLowerCase()];
  const separators = locale === undefined ? KNOWN_SEPARATORS : [separatorsOf(locale)];
  const readings = separators.flatMap((pair) => reading(plain, pair) ?? []);
  const distinct = new Map(readings.map((decimal) => [withoutZeros(decimal), decimal]));
  return [...distinct.values()];
}

/** Groups have three digits; in India all but the last have two. The first does not begin with a zero. */
const GROUPS = /^(?:[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d?(?:,\d{2})+,\d{3})$/;

function reading(text: string, { group, point }: Separators): string | undefined {
  const [integer = "", fraction, ...more] = text.split(point);
  if (more.length > 0 || (fraction !== undefined && !/^\d*$/.test(fraction))) return undefined;
  const isWhole = /^\d+$/.test(integer);
  if (!isWhole && !(integer === "" && fraction) && !GROUPS.test(integer.replaceAll(group, ",")))
    return undefined;
  if (!isWhole && integer.includes(",") && group !== ",") return undefined;
  const digits = integer.replaceAll(group, "") || "0";
  return fraction ? `${digits}.${fraction}` : digits;
}

function separatorsOf(locale: string): Separators {
  const parts = new Intl.NumberFormat(locale, { useGrouping: true }).formatToParts(-12_345_678.5);
  const part = (wanted: string) =>
    parts
      .find(({ type }) => type === wanted)
      ?.value.normalize("NFKC")
      .replaceAll("’", "'");
  return { group: part("group") ?? ",", point: part("decimal") ?? "." };
}

function withoutZeros(decimal: string): string {
  return decimal
    .replace(/^0+(?=\d)/, "")
    .replace(/\.(\d*[1-9])?0*$/, (_, kept?: string) => (kept ? `.${kept}` : ""));
}

/** Decimal digits of any script as 0 to 9: Unicode keeps the ten of each together. */
function asciiDigits(text: string): string {
  return text.replace(/\p{Nd}/gu, (digit) => {
    const code = digit.codePointAt(0) ?? 0;
    let zero = code;
    while (code - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
    return String(code - zero);
  });
}

function scaled(decimal: string, scale: number): string {
  if (scale === 0) return decimal;
  const [integer = "", fraction = ""] = decimal.split(".");
  const digits = integer + fraction.padEnd(scale, "0").slice(0, scale);
  const rest = fraction.slice(scale);
  return rest === "" ? digits : `${digits}.${rest}`;
}
