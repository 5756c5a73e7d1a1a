import { parseTimestamp } from "../../../../platform/timestamp.ts";

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

// `Jan 1 2000`, `January 1, 2000`
const ENGLISH = /^([a-z]{3})[a-z]*\.? (\d{1,2}),? (\d{4})$/i;

/**
 * Reads a date as histories spell it: `Jan 1 2000`, or ISO 8601 with or without a time. Without a zone it is UTC.
 *
 * @returns undefined where it is none, or not a date of the calendar
 */
export function parseDate(text: string): Date | undefined {
  const english = ENGLISH.exec(text);
  if (english === null) return parseTimestamp(text);
  const [, name = "", day = "", year] = english;
  const month = MONTHS.indexOf(name.toLowerCase()) + 1;
  return parseTimestamp(`${year}-${String(month).padStart(2, "0")}-${day.padStart(2, "0")}`);
}
