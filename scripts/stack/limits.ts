import { databaseMaxConnections } from "../../functions/src/platform/config.ts";
import type { DeployedFunction } from "../../functions/src/platform/declared.ts";

/** The number of PostgreSQL connections that one function may open. */
interface FunctionLimit {
  readonly name: string;
  readonly maxInstances: number;
  readonly connectionsPerInstance: number;
  readonly connections: number;
}

/** The connections that the deployed functions may open, and the server's limit. */
export interface Limits {
  readonly functions: readonly FunctionLimit[];
  readonly total: number;
  readonly maxConnections: number;
}

/** Adds up what the functions declare, largest first. */
export function limitsOf(deployed: Readonly<Record<string, DeployedFunction>>): Limits {
  const functions = Object.values(deployed)
    .map(({ declaration: { name, maxInstances, connections } }) => ({
      name,
      maxInstances,
      connectionsPerInstance: connections,
      connections: maxInstances * connections,
    }))
    .toSorted((a, b) => b.connections - a.connections || (a.name < b.name ? -1 : 1));
  const total = functions.reduce((sum, { connections }) => sum + connections, 0);
  return { functions, total, maxConnections: databaseMaxConnections() };
}
