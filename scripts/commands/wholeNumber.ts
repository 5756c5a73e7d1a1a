import { InvalidArgumentError } from "commander";

/** Reads an id or a count that a caller names. @throws InvalidArgumentError */
export function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number < 2 ** 31) return number;
  throw new InvalidArgumentError("This is a whole number above 0.");
}
