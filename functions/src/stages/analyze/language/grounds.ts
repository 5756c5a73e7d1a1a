import { isWithin, type StatedDate, takeDates } from "./datesInText.ts";
import { numbersInText } from "./numbersInText.ts";

/** What an answer about a finding may state: what the finding states. */
export interface Grounds {
  readonly numbers: ReadonlySet<string>;
  readonly dates: readonly StatedDate[];
  /** Every word, in lower case. */
  readonly words: ReadonlySet<string>;
  /** All that the finding says, in lower case. */
  readonly text: string;
}

/** The grounds that texts and facts (any JSON) give. The names of facts' fields state nothing. */
export function groundsOf(texts: readonly string[], facts: unknown): Grounds {
  const numbers = new Set<string>();
  const allTexts = [...texts];
  collect(facts, "", numbers, allTexts);
  const dates: StatedDate[] = [];
  for (const text of allTexts) {
    const stated = numbersInText(text);
    dates.push(...stated.dates);
    for (const number of stated.numbers) {
      numbers.add(number);
      // "-38 %" also allows "fell by 38 %".
      numbers.add(number.replace(/:[+-]/, ":"));
    }
  }
  for (const { year } of dates) if (year !== undefined) numbers.add(`number:${year}`);
  const text = allTexts.join("\n").toLowerCase();
  return { numbers, dates, words: new Set(wordsOf(text).map(bareWord)), text };
}

function collect(value: unknown, field: string, numbers: Set<string>, texts: string[]): void {
  if (typeof value === "string") {
    texts.push(value);
  } else if (typeof value === "number") {
    const kind = /percent/i.test(field) ? "percent" : "number";
    numbers.add(`${kind}:${Math.abs(value)}`);
    numbers.add(`${kind}:${value < 0 ? "-" : "+"}${Math.abs(value)}`);
  } else if (Array.isArray(value)) {
    for (const entry of value) collect(entry, field, numbers, texts);
  } else if (typeof value === "object" && value !== null) {
    for (const [name, entry] of Object.entries(value)) collect(entry, name, numbers, texts);
  }
}

/** The numbers, dates and times that a text states and its grounds do not. */
export function unfoundedNumbers(text: string, grounds: Grounds): string[] {
  const { numbers, dates } = numbersInText(text);
  return [
    ...[...numbers].filter((number) => !grounds.numbers.has(number)),
    ...dates.filter((date) => !grounds.dates.some((known) => isWithin(date, known))).map(describeDate),
  ];
}

function describeDate({ year, month, day, time }: StatedDate): string {
  return `date:${[year, month, day, time].filter((part) => part !== undefined).join("-")}`;
}

/**
 * The names that a text has and its grounds do not. A name is a word with a capital letter; the first word of a
 * sentence is one only where it has a capital letter further in (GitHub, IPO).
 */
export function unfoundedNames(text: string, grounds: Grounds): string[] {
  const sentences = takeDates(text).text.split(/(?<=[.!?:;])\s+/);
  return sentences.flatMap((sentence) =>
    wordsOf(sentence).filter((word, index) => {
      const looksLikeName = index === 0 ? /(?<=.)\p{Lu}/u.test(word) : /\p{Lu}/u.test(word);
      return looksLikeName && !grounds.words.has(bareWord(word));
    }),
  );
}

/** The links, mail addresses and markup of a text that its grounds do not have. */
export function unfoundedLinks(text: string, grounds: Grounds): string[] {
  const links =
    text.match(
      /https?:\S+|www\.\S+|(?<!\S)\S+@\S+|(?<![\p{L}\p{N}-])[\p{L}\p{N}-]+\.\p{L}{2,}(?:\/\S*)?|[<>]|\]\(/giu,
    ) ?? [];
  return links.filter((link) => !grounds.text.includes(link.toLowerCase()));
}

// The words that a name of a company has at most.
const LONGEST_NAME = 4;

/** What in a text could be a company's name, in lower case, and is not in its grounds. */
export function possibleNames(text: string, grounds: Grounds): string[] {
  const words = [...text.matchAll(WORD)].map((match) => ({
    word: match[0],
    start: match.index,
    end: match.index + match[0].length,
  }));
  const names = words.flatMap(({ word, start }, index) =>
    /^[\p{Lu}\p{N}]/u.test(word)
      ? words.slice(index, index + LONGEST_NAME).flatMap(({ end }) => {
          const name = text.slice(start, end).toLowerCase();
          return [name, withoutEnding(name)];
        })
      : [],
  );
  return [...new Set(names)].filter((name) => !grounds.text.includes(name));
}

const WORD = /[\p{L}\p{N}]+(?:['’&.+-]+[\p{L}\p{N}]+)*/gu;

function wordsOf(text: string): string[] {
  return text.match(WORD) ?? [];
}

function bareWord(word: string): string {
  return withoutEnding(word.toLowerCase());
}

/** A name without a genitive, and the full stop before it. */
function withoutEnding(name: string): string {
  return name.replace(/\.?['’]s$/, "");
}
