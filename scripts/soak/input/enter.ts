import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Database } from "../../../functions/src/platform/postgres.ts";
import type { Query } from "../../stack/query.ts";
import { handshake, registerSources } from "../../stack/register.ts";
import type { Stack } from "../../stack/stack.ts";
import { addRule, addSubscribers } from "../../stack/subscribers.ts";
import { Progress } from "../progress.ts";
import { throughProxy, type Wiring } from "../wiring.ts";
import type { SoakSource } from "./soakInput.ts";

/** A source that is in the database. */
export interface EnteredSource extends SoakSource {
  readonly id: number;
  readonly endpoint: string;
}

interface Surroundings {
  readonly stack: Stack;
  readonly wiring: Wiring;
  readonly modulesUrl: string;
  readonly query: Query;
}

// The sweeper waits for a part of this (SWEEP_PATIENCE); the tick, which waits for all of it, is not to meddle.
const LONGEST_RUN_SECONDS = 600;
// Each is a process of the emulator.
const CALLS_IN_FLIGHT = 2;

/** Enters sources, companies, rules and people as the web application does, and lets the modules introduce themselves. */
export async function enterInput(
  { stack, wiring, modulesUrl, query }: Surroundings,
  sources: readonly SoakSource[],
): Promise<EnteredSource[]> {
  const db = databaseOf(query);
  const entered = await registerSources(
    db,
    sources.map((source) => ({
      ...source,
      endpoint: endpointOf(source, throughProxy(modulesUrl, wiring.connections.modules)),
      additionalParams: {
        calls_in_flight: CALLS_IN_FLIGHT,
        ...(source.origin.kind === "history" ? source.origin.params : {}),
      },
    })),
  );
  await query(z.unknown(), "update data_source set max_run_seconds = $1", [LONGEST_RUN_SECONDS]);
  await addSubscribers(db, stack.slackSecretId);
  for (const source of entered) {
    if (source.origin.kind === "history") await growHistory(stack.blobDir, source, new Progress());
    if (source.isMapped) await handshake(db, stack.baseUrl, source);
    if (source.rule) await addRule(db, { id: source.id, rule: source.rule });
  }
  return entered;
}

function endpointOf({ name, origin }: SoakSource, modulesUrl: string): string {
  return origin.kind === "module" ? new URL(`${name}/`, modulesUrl).href : `builtin:${origin.kind}`;
}

function databaseOf(query: Query): Database {
  return {
    query: async (text, values) => {
      const rows = await query(z.unknown(), text, values);
      return { rows, rowCount: rows.length };
    },
  };
}

/** Writes a history as far as it is known: the next line of each company that is ready for one. */
export async function growHistory(
  blobDir: string,
  { name, origin, companies }: SoakSource,
  progress: Progress,
): Promise<void> {
  if (origin.kind !== "history") return;
  const lines = companies.flatMap((company) => {
    const { there } = progress.of(name, company.name);
    const known = progress.next(name, company.name) === undefined ? there : there + 1;
    return company.documents.slice(0, known).map(({ text }) => text);
  });
  const path = join(blobDir, "history", origin.file);
  // In one step: a call may be reading it.
  await writeFile(`${path}.new`, `${[origin.header, ...lines].join("\n")}\n`);
  await rename(`${path}.new`, path);
}
