/** The unit that a measurement's name tells. */
export function unitOf(measurementName: string): string | undefined {
  if (/\busd\b|\$/i.test(measurementName)) return "$";
  if (/\beur\b|€/i.test(measurementName)) return "€";
  return /\bpercent(?:age)?\b|%/i.test(measurementName) ? "%" : undefined;
}
