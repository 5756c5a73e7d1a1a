/** The `code` of an error, by which Node, Postgres and Google's libraries tell what happened. */
export function errorCode(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}
