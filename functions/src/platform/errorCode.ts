/** The `code` of an error, by which Node, Postgres and Google's libraries tell what happened. */
export function errorCode(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}

// gRPC's ALREADY_EXISTS.
const ALREADY_EXISTS = 6;

/** Whether Firestore refused to create a document because it is there. */
export function isAlreadyThere(error: unknown): boolean {
  return errorCode(error) === ALREADY_EXISTS;
}
