import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { startRecordedGithub } from "../../functions/test/standins/recordedGithub.ts";
import { type Postgres, startPostgres } from "../stack/postgres.ts";
import { whenStopping } from "../stack/shutdown.ts";
import { type Stack, startStack } from "../stack/stack.ts";
import { keepMigrated, makeDatabase } from "./databases.ts";
import type { SoakOptions } from "./soak.ts";
import { startWiring, type Wiring } from "./wiring.ts";

/** A stack in which everything that the functions use can be disturbed. */
export interface WiredStack {
  readonly stack: Stack;
  readonly postgres: Postgres;
  readonly wiring: Wiring;
}

// Every repository on the first page: the links to further pages lead past the proxies.
const GITHUB_PAGE = 100;

/**
 * How short the sweeper's patience is, as a part of that in production: 6 s for a document. Many documents at once wait
 * longer than that for their turn. Where everything is lost once, every document waits for it a dozen times.
 */
export function sweepPatience({
  documents,
  isFirstDropped,
}: Pick<SoakOptions, "documents" | "isFirstDropped">): number {
  return (documents < 500 ? 0.01 : 0.02) * (isFirstDropped ? 0.2 : 1);
}

const SETTINGS = {
  GITHUB_TOKEN: "none-is-needed",
  // What the news say must not depend on a language model.
  OPENAI_API_KEY: "none",
};

/** Starts the stack with proxies around it, on a PostgreSQL server of its own, as it is to be restarted. */
export async function startWiredStack(
  patience: number,
  progress: (message: string) => void,
): Promise<WiredStack> {
  const postgres = await startPostgres("");
  const databaseUrl = await makeDatabase(postgres.url);
  const github = await startRecordedGithub({ pageSize: GITHUB_PAGE });
  whenStopping(github.stop);
  const wiring = await startWiring(databaseUrl, github.url);
  const env = { ...SETTINGS, SWEEP_PATIENCE: String(patience), ...wiring.env };
  const stack = await startStack({ databaseUrl, env, progress });
  await keepMigrated(postgres.url);
  await mkdir(join(stack.blobDir, "history"), { recursive: true });
  wiring.connectTo(stack);
  return { stack, postgres, wiring };
}
