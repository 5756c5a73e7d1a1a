const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const MONTH =
  "(?<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\b\\.?";
const DAY = "(?<day>\\d{1,2})(?:st|nd|rd|th)?\\b";

const FORMS = [
  // 2024-05-15, 2024-05-15T10:30:00.000Z
  /\b(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})(?:[T ](?<time>\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?\b/g,
  // 15 May, 15th of May 2024
  new RegExp(`\\b${DAY}\\s+(?:of\\s+)?${MONTH}(?:,?\\s+(?<year>\\d{4})\\b)?`, "gi"),
  // May 15, May 15th, 2024
  new RegExp(`\\b${MONTH}\\s+${DAY}(?:,?\\s+(?<year>\\d{4})\\b)?`, "gi"),
  // May 2024
  new RegExp(`\\b${MONTH},?\\s+(?<year>\\d{4})\\b`, "gi"),
  // 10:30
  /\b(?<time>\d{1,2}:\d{2})(?::\d{2})?\b/g,
];

/** A date or a time of day, as far as a text states it. */
export interface StatedDate {
  readonly year?: number | undefined;
  readonly month?: number | undefined;
  readonly day?: number | undefined;
  readonly time?: string | undefined;
}

/** Takes the dates and times out of a text. */
export function takeDates(text: string): { readonly text: string; readonly dates: readonly StatedDate[] } {
  const dates: StatedDate[] = [];
  let rest = text;
  for (const form of FORMS) {
    for (const { groups } of rest.matchAll(form)) dates.push(readDate(groups ?? {}));
    rest = rest.replaceAll(form, " ; ");
  }
  return { text: rest, dates };
}

function readDate({ year, month, day, time }: Readonly<Record<string, string | undefined>>): StatedDate {
  return {
    year: year === undefined ? undefined : Number(year),
    month: month === undefined ? undefined : monthNumber(month),
    day: day === undefined ? undefined : Number(day),
    time: time?.padStart(5, "0"),
  };
}

function monthNumber(month: string): number {
  return /^\d/.test(month) ? Number(month) : MONTHS.indexOf(month.slice(0, 3).toLowerCase()) + 1;
}

/** Whether all that `stated` says, `known` says too. */
export function isWithin(stated: StatedDate, known: StatedDate): boolean {
  return (
    (stated.year === undefined || stated.year === known.year) &&
    (stated.month === undefined || stated.month === known.month) &&
    (stated.day === undefined || stated.day === known.day) &&
    (stated.time === undefined || stated.time === known.time)
  );
}
