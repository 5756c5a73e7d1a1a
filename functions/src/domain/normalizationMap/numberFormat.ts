import { z } from "zod";

/**
 * How a source writes the numbers of a field, as a mapping declares it. What is declared is believed: `1.234` is 1,234
 * in `de`. Without a declaration only what can be read in one way is read.
 */
export const numberFormat = z.object({
  /** A BCP 47 tag: its separators, digits and words for thousands and millions (CLDR, by way of Intl). */
  locale: z
    .string()
    .refine((tag) => isLocale(tag), "expected a language tag such as en, de or pt-BR")
    .exactOptional(),
  /** What the numbers count, as it may stand behind them: `kg`. */
  unit: z.string().trim().min(1).max(20).exactOptional(),
  /** Numbers may be shortened by the locale's words: `10.1K`, `1,2 Mio.`. English ones are read without it. */
  compact: z.boolean().exactOptional(),
  /** An ISO 4217 code: the currency of what comes without one. */
  currency: z
    .string()
    .transform((code) => code.toUpperCase())
    .refine((code) => CURRENCIES.has(code), "expected an ISO 4217 code such as EUR")
    .exactOptional(),
  /** The numbers are percentages, with or without a sign. */
  percent: z.boolean().exactOptional(),
});
export type NumberFormat = z.output<typeof numberFormat>;

export const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf("currency"));

function isLocale(tag: string): boolean {
  try {
    return Intl.NumberFormat.supportedLocalesOf(tag).length > 0;
  } catch {
    return false;
  }
}
