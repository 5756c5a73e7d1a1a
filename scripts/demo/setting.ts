import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { databaseOf, openPool, type TransactionalDatabase } from "../../functions/src/platform/postgres.ts";
import { readRecordings, startRecordedGithub } from "../../functions/test/standins/recordedGithub.ts";
import { projectDir } from "../paths.ts";
import { type ChildEnded, startChild } from "../stack/child.ts";
import { registerSources } from "../stack/register.ts";
import { whenStopping } from "../stack/shutdown.ts";
import { type Stack, startStack } from "../stack/stack.ts";
import { addSubscribers } from "../stack/subscribers.ts";
import {
  type DemoSource,
  githubSource,
  producthuntSource,
  type RegisteredSource,
  sharesFile,
  sharesSource,
} from "./demoSources.ts";
import { askGithub } from "./liveGithub.ts";
import { useOwnDatabase } from "./ownDatabase.ts";

/** Everything the demo runs on. */
export interface Setting {
  readonly stack: Stack;
  readonly db: TransactionalDatabase;
  readonly sources: readonly RegisteredSource[];
  /** Resolves when a program that the demo needs has ended. */
  readonly ended: Promise<ChildEnded>;
}

// In the emulator, each concurrent call runs in its own process, and starting one takes longer than a hundred
// documents. By default, the emulator starts fifty when five hundred documents come at once.
const FEW_PROCESSES = { FUNCTIONS_EMULATOR_PARALLEL: "3" };

/** Starts the stack on an empty database and the module beside it; registers the sources and the followers. */
export async function makeSetting(
  { live }: { live: boolean },
  report: (text: string) => void,
): Promise<Setting> {
  await useOwnDatabase();
  const github = live ? await liveGithub() : await recordedGithub();
  const stack = await startStack({ env: { ...github.env, ...FEW_PROCESSES }, progress: report });
  const db = await connect(stack);
  const historyDir = join(stack.blobDir, "history");
  await mkdir(historyDir, { recursive: true });
  await cp(sharesFile, join(historyDir, "stocks.csv"));
  const producthunt = await startProducthunt(stack);
  const sources = [await sharesSource(), github.source, producthuntSource(producthunt.url)];
  const registered = await registerSources(db, sources);
  await addSubscribers(db, stack.slackSecretId);
  return {
    stack,
    db,
    sources: registered,
    ended: Promise.race([stack.ended, producthunt.ended]),
  };
}

interface Github {
  readonly source: DemoSource;
  readonly env: Record<string, string>;
}

// Small enough that the recorded repositories take several pages.
const REPOSITORIES_PER_PAGE = 5;

async function recordedGithub(): Promise<Github> {
  const server = await startRecordedGithub({ pageSize: REPOSITORIES_PER_PAGE });
  whenStopping(() => server.stop());
  return {
    source: githubSource([{ name: "Octokit Fixtures", ...readRecordings() }]),
    env: { GITHUB_API_URL: server.url, GITHUB_TOKEN: "none-is-needed" },
  };
}

const LIVE_ORGANIZATIONS = [
  { name: "Octokit", login: "octokit" },
  { name: "Probot", login: "probot" },
];

async function liveGithub(): Promise<Github> {
  const GITHUB_API_URL = (process.env.GITHUB_API_URL || "https://api.github.com").replace(/\/$/, "");
  // The emulator would look up an empty secret in Secret Manager.
  const GITHUB_TOKEN = process.env.GITHUB_TOKEN || " ";
  const organizations = await Promise.all(
    LIVE_ORGANIZATIONS.map(async (organization) => ({
      ...organization,
      ...(await askGithub(GITHUB_API_URL, GITHUB_TOKEN.trim(), organization.login)),
    })),
  );
  return { source: githubSource(organizations), env: { GITHUB_API_URL, GITHUB_TOKEN } };
}

async function connect(stack: Stack): Promise<TransactionalDatabase> {
  const pool = await openPool({ DATABASE_URL: stack.databaseUrl });
  whenStopping(() => pool.end());
  return databaseOf(pool);
}

/** Runs the external module as its own program. */
async function startProducthunt(stack: Stack): Promise<{ url: string; ended: Promise<ChildEnded> }> {
  const program = join(projectDir, "scripts", "demo", "producthunt", "main.ts");
  const child = startChild(process.execPath, [program], {
    env: { ...process.env, ANALYTICS_BASE_URL: stack.baseUrl, PARMA_SHARED_SECRET_KEY: stack.secrets.shared },
  });
  const [, url = ""] = await child.output(/^Listening on (.*)$/);
  return { url, ended: child.ended };
}
