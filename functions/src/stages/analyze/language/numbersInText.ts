import { type StatedDate, takeDates } from "./datesInText.ts";
import { wordsToDigits } from "./numberWords.ts";

/** The numbers that a text states, in a form in which the same number is the same. */
export interface StatedNumbers {
  /**
   * `number:1200`, `percent:+38`, `times:3`, `word:q3` … with a sign only where the text writes one.
   */
  readonly numbers: ReadonlySet<string>;
  readonly dates: readonly StatedDate[];
}

/**
 * The numbers in a text, read as English: `1,200`, `1 200`, `1.2k` and `1200` are the same; `38`, `38 %`, `3x`, `3
 * percentage points` and `3rd` are of different kinds; `Q3` and `v2.1` are words that must be met as such; a
 * currency is a number's companion and counts by itself.
 */
export function numbersInText(text: string): StatedNumbers {
  const found = new Set<string>();
  const signs = takeAll(text, /[\p{No}\p{Nl}]/gu, (sign) => found.add(`sign:${sign}`)).normalize("NFKC");
  const { text: undated, dates } = takeDates(signs);
  for (const [currency] of undated.matchAll(CURRENCY)) found.add(`currency:${currencyCode(currency)}`);
  const spelled = wordsToDigits(undated);
  for (const word of spelled.words) found.add(`words:${word}`);
  const foreign = takeAll(spelled.text, /(?![0-9])\p{Nd}+/gu, (digits) => found.add(`sign:${digits}`));
  const rest = takeAll(foreign, WORD_WITH_DIGITS, (word) => found.add(`word:${word.toLowerCase()}`));
  for (const { groups } of rest.matchAll(NUMBER)) found.add(numberKey(groups ?? {}));
  return { numbers: found, dates };
}

function takeAll(text: string, pattern: RegExp, take: (match: string) => void): string {
  return text.replaceAll(pattern, (match) => {
    take(match);
    return " ; ";
  });
}

const CURRENCY = /\p{Sc}|\b(?:dollars?|euros?|pounds?|yen|francs?|usd|eur|gbp|jpy|chf)\b/giu;
const CURRENCY_CODES = new Map([
  ["$", "usd"],
  ["dollar", "usd"],
  ["€", "eur"],
  ["euro", "eur"],
  ["£", "gbp"],
  ["pound", "gbp"],
  ["¥", "jpy"],
  ["yen", "jpy"],
  ["franc", "chf"],
]);

function currencyCode(text: string): string {
  const name = text.toLowerCase().replace(/(?<=dollar|euro|pound|franc)s$/, "");
  return CURRENCY_CODES.get(name) ?? name;
}

const UNITS = "k|m|mn|mio|b|bn|t|tn";
const ENDINGS = `${UNITS}|x|st|nd|rd|th|pp|bps?|fold|pct`;
// Q3, v2.1, GPT-4; 23andMe, 3D: not 412k, 3x, 1st.
const WORD_WITH_DIGITS = new RegExp(
  "(?<![\\p{L}\\p{N}])(?:(?=[\\p{L}._/-]+\\p{N})\\p{L}[\\p{L}\\p{N}]*(?:[._/-][\\p{L}\\p{N}]+)*" +
    `|(?<![.,])(?!\\d+(?:${ENDINGS})(?![\\p{L}\\p{N}]))\\d+\\p{L}[\\p{L}\\p{N}]*)(?![\\p{L}\\p{N}])`,
  "giu",
);

const NUMBER = new RegExp(
  // A sign stands before a number, not between two.
  "(?<sign>(?<![\\p{L}\\p{N}%)])[+−–-])?\\p{Sc}?\\s?(?=\\.?\\d)" +
    "(?<digits>\\d{1,3}(?:[,'’_ ]\\d{3})+(?!\\d)|\\d+)?(?<fraction>\\.\\d+)?" +
    `(?:(?<unit>${UNITS})(?![\\p{L}\\p{N}])|[\\s-]?(?<longUnit>hundred|thousand|million|billion|trillion|mn|mio|bn|tn)s?\\b)?` +
    "(?:[\\s-]?(?:(?<points>(?:%|percentage)[\\s-]?points?\\b|pp\\b)|(?<basis>basis points?\\b|bps?\\b)" +
    "|(?<percent>%|percent\\b|per\\s?cent\\b|pct\\b)|(?<permille>‰)" +
    "|(?<times>[x×](?![\\p{L}\\p{N}])|times\\b|fold\\b))|(?<ordinal>st|nd|rd|th)\\b)?",
  "giu",
);

const EXPONENTS: Readonly<Record<string, number>> = {
  hundred: 2,
  k: 3,
  thousand: 3,
  m: 6,
  mn: 6,
  mio: 6,
  million: 6,
  b: 9,
  bn: 9,
  billion: 9,
  t: 12,
  tn: 12,
  trillion: 12,
};
const KINDS = ["points", "basis", "percent", "permille", "times", "ordinal"] as const;

function numberKey(groups: Readonly<Record<string, string | undefined>>): string {
  const kind = KINDS.find((name) => groups[name] !== undefined) ?? "number";
  const digits = (groups.digits ?? "0").replaceAll(/\D/g, "");
  const unit = (groups.unit ?? groups.longUnit ?? "").toLowerCase();
  // By an exponent, so that 1.1 million is not a millionth off.
  const value = Number(`${digits}${groups.fraction ?? ""}e${EXPONENTS[unit] ?? 0}`);
  const sign = groups.sign === undefined ? "" : groups.sign === "+" ? "+" : "-";
  return `${kind}:${sign}${value}`;
}
