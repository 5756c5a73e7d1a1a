/** What this process serves, as far as the platform's other parts need it. */
interface OwnFunction {
  /** How many connections to PostgreSQL an instance may open. */
  readonly connections: number;
}

let own: OwnFunction | undefined;

/** Notes the declaration of the function that this process serves; those of its neighbours in the file are passed over. */
export function noteOwnFunction(name: string, declared: OwnFunction): void {
  if (process.env["FUNCTION_TARGET"] === name) own = declared;
}

/** The connections of the function that this process serves; undefined in commands and tests. */
export function ownConnections(): number | undefined {
  return own?.connections;
}
