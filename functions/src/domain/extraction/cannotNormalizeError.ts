/** A raw document that cannot be normalized as things are: trying again does not help by itself. */
export class CannotNormalizeError extends Error {
  override readonly name = "CannotNormalizeError";
}
