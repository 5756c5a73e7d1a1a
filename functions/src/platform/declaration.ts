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
  /** How many calls share an instance; 80 unless told. */
  readonly concurrency?: number;
  /** Bounds what it may cost, and how many connections it may open. */
  readonly maxInstances: number;
  /** To PostgreSQL, by one instance. `scripts/dev limits` adds them up. */
  readonly connections: number;
  /** What it needs settings and secrets for, beside the database. */
  readonly uses?: readonly Purpose[];
}

/** A deployed function, with what it declares. */
export type Declared<F, D extends FunctionDeclaration = FunctionDeclaration> = F & {
  readonly declaration: D;
};

/** The options of a function for firebase-functions that follow from its declaration. */
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

/** Attaches what a function declares, for those who list functions; a process limits itself by its own. */
export function declare<F extends object, D extends FunctionDeclaration>(
  deployed: F,
  declaration: D,
): Declared<F, D> {
  noteOwnFunction(declaration.name, declaration);
  return Object.assign(deployed, { declaration });
}
