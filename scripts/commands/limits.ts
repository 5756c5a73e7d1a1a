import Table from "cli-table3";
import { deployedFunctions } from "../stack/deployed.ts";
import { limitsOf } from "../stack/limits.ts";

/** `limits`: adds up the connections of all functions. Fails if the database server allows fewer. */
export function limits({ json }: { json: boolean }): void {
  const found = limitsOf(deployedFunctions());
  const { functions, total, maxConnections } = found;
  if (total > maxConnections) process.exitCode = 1;
  if (json) {
    console.log(JSON.stringify(found));
    return;
  }
  const table = new Table({
    head: ["function", "instances", "connections each", "connections"],
    colAligns: ["left", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, maxInstances, connectionsPerInstance, connections } of functions) {
    table.push([name, maxInstances, connectionsPerInstance, connections]);
  }
  table.push(["all functions", "", "", total], ["DATABASE_MAX_CONNECTIONS", "", "", maxConnections]);
  console.log(table.toString());
  console.log(
    total > maxConnections
      ? `\nThe functions may open ${total - maxConnections} more connections than the server allows. Lower their maxInstances, or raise the server's limit and DATABASE_MAX_CONNECTIONS.`
      : `\n${maxConnections - total} connections are left for migrations, operators and the web application. docs/configuration.md explains what load this carries.`,
  );
}
