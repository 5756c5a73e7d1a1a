import { databaseMaxConnections } from "../../functions/src/platform/config.ts";
import type { DeployedFunction } from "../../functions/src/platform/declared.ts";

/** How many connections to PostgreSQL one function may open. */
interface FunctionLimit {
  readonly name: string;
  readonly maxInstances: number;
  readonly connectionsPerInstance: number;
  readonly connections: number;
}

/** How many connections the deployed functions may open, and how many the server takes. */
export interface Limits {
  readonly functions: readonly FunctionLimit[];
  readonly total: number;
  readonly maxConnections: number;
}

/** Adds up what the functions declare. The largest come first. */
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
