/** What the platform needs to know of the function that this process serves. */
interface OwnFunction {
  /** How many connections to PostgreSQL an instance may open. */
  readonly connections: number;
}

let own: OwnFunction | undefined;

/** Remembers the declaration of the function that this process serves, and ignores its neighbors in the file. */
export function noteOwnFunction(name: string, declared: OwnFunction): void {
  if (process.env["FUNCTION_TARGET"] === name) own = declared;
}

/** The connections of the function that this process serves; undefined in commands and tests. */
export function ownConnections(): number | undefined {
  return own?.connections;
}
