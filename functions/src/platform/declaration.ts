import type { GlobalOptions } from "firebase-functions/options";
import { defineSecret } from "firebase-functions/params";
import { REGION, serviceAccountOf, vpcConfig } from "./config.ts";
import { noteOwnFunction } from "./ownFunction.ts";
import { type Purpose, secretsFor } from "./settings.ts";

/** The service accounts that functions run as, one for each kind of rights: infrastructure/ makes them. */
type Account =
  | "schedule"
  | "mine"
  | "ingest"
  | "normalize"
  | "analyze"
  | "language"
  | "notify"
  | "report"
  | "operate";

/** What every deployed function declares, whatever starts it. */
export interface FunctionDeclaration {
  /** The name that it is exported under. */
  readonly name: string;
  readonly account: Account;
  readonly memory: NonNullable<GlobalOptions["memory"]> & string;
  readonly timeoutSeconds: number;
  /** How many calls share an instance; 80 by default. */
  readonly concurrency?: number;
  /** Limits its cost and its connections. */
  readonly maxInstances: number;
  /** To PostgreSQL, by one instance. `scripts/dev limits` adds them up. */
  readonly connections: number;
  /** What it needs settings and secrets for, besides the database. */
  readonly uses?: readonly Purpose[];
}

/** A deployed function, with what it declares. */
export type Declared<F, D extends FunctionDeclaration = FunctionDeclaration> = F & {
  readonly declaration: D;
};

/** A declaration as firebase-functions' options. */
export function optionsOf({
  account,
  memory,
  timeoutSeconds,
  concurrency,
  maxInstances,
  uses = [],
}: FunctionDeclaration) {
  const serviceAccount = serviceAccountOf(account);
  return {
    region: REGION,
    memory,
    timeoutSeconds,
    maxInstances,
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(serviceAccount === undefined ? {} : { serviceAccount }),
    ...vpcConfig(),
    secrets: secretsFor(uses).map((name) => defineSecret(name)),
  };
}

/** Attaches its declaration to a function, for code that lists functions; a process limits itself by its own. */
export function declare<F extends object, D extends FunctionDeclaration>(
  deployed: F,
  declaration: D,
): Declared<F, D> {
  noteOwnFunction(declaration.name, declaration);
  return Object.assign(deployed, { declaration });
}
