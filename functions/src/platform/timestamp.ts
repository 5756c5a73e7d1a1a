import { z } from "zod";

// `2024-07-30T12:34:56.789012`, with a space for the T, with or without seconds, fraction and zone, or a date.
const PATTERN =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?$/i;

/**
 * Reads an ISO 8601 date or date and time, with `T` or a space as Python's str(datetime) writes it. Without a
 * zone it is UTC; fractions are cut to milliseconds.
 *
 * @returns undefined where it is none, or not a date of the calendar
 */
export function parseTimestamp(text: string): Date | undefined {
  const match = PATTERN.exec(text.trim());
  if (match === null) return undefined;
  const [, date, minutes = "00:00", seconds = "00", fraction = "", zone = "Z"] = match;
  const milliseconds = fraction.slice(0, 3).padEnd(3, "0");
  const instant = new Date(`${date}T${minutes}:${seconds}.${milliseconds}${isoZone(zone)}`);
  if (Number.isNaN(instant.getTime())) return undefined;
  // Date rolls 30 February over into March.
  const isOnCalendar = new Date(`${date}T00:00:00Z`).getUTCDate() === Number(date?.slice(-2));
  return isOnCalendar ? instant : undefined;
}

function isoZone(zone: string): string {
  if (zone.toUpperCase() === "Z") return "Z";
  const digits = zone.replace(":", "");
  return `${digits.slice(0, 3)}:${digits.slice(3).padEnd(2, "0")}`;
}

/** {@link parseTimestamp} as a schema. */
export const timestamp = z.string().transform((text, context) => {
  const instant = parseTimestamp(text);
  if (instant !== undefined) return instant;
  context.addIssue({ code: "custom", message: "expected an ISO 8601 date and time" });
  return z.NEVER;
});
