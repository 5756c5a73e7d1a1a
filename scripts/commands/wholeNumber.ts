import { InvalidArgumentError } from "commander";

/** Parses an id or a count. @throws InvalidArgumentError */
export function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number < 2 ** 31) return number;
  throw new InvalidArgumentError("Expected a whole number above 0.");
}
