/** The `code` of an error of Node, Postgres or Google's libraries. */
export function errorCode(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}

// gRPC's ALREADY_EXISTS.
const ALREADY_EXISTS = 6;

/** Whether Firestore refused to create a document because it exists. */
export function isAlreadyThere(error: unknown): boolean {
  return errorCode(error) === ALREADY_EXISTS;
}
