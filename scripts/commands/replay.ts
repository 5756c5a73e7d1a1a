import "../replay/quiet.ts";

import { readFile } from "node:fs/promises";
import { databaseOf, openPool } from "../../functions/src/platform/postgres.ts";
import { step } from "../progress.ts";
import { type Replayed, replay } from "../replay/replay.ts";
import { parseReplayFile, type ReplayFile } from "../replay/replayFile.ts";
import { migrate } from "../stack/migrate.ts";
import { startPostgres } from "../stack/postgres.ts";
import { messageOf, UserError } from "../userError.ts";
import { table } from "./operatorView.ts";

/** `replay`: shows what would come of the raw answers in a file. */
export async function replayFile(path: string, { json }: { readonly json: boolean }): Promise<void> {
  const file = await read(path);
  const replayed = await onThrowAwayDatabase(file);
  console.log(json ? JSON.stringify(replayed) : asText(replayed));
}

async function read(path: string): Promise<ReplayFile> {
  try {
    return parseReplayFile(await readFile(path, "utf8"));
  } catch (error) {
    throw new UserError(`Cannot replay ${path}: ${messageOf(error)}`, { cause: error });
  }
}

async function onThrowAwayDatabase(file: ReplayFile): Promise<Replayed> {
  // Links in messages need addresses and a secret; they lead nowhere.
  process.env["FUNCTIONS_EMULATOR"] = "true";
  process.env["WEB_APP_URL"] ??= "https://parma.example";
  process.env["PUBLIC_URL"] ??= "https://parma.example";
  const server = await step("Starting a database of its own", async () => {
    const started = await startPostgres("");
    await migrate(started.url);
    return started;
  });
  const pool = await openPool({ DATABASE_URL: server.url });
  try {
    const total = file.documents.length;
    return await step("Replaying", (report) =>
      replay(databaseOf(pool), file, (done) => report(`${done} of ${total} documents`)),
    );
  } finally {
    await pool.end();
    await server.stop();
  }
}

const SHOWN = 40;

function asText({ documents, series, news, messages }: Replayed): string {
  const rows = documents.map(({ observedAt, state, reason, problem, issues, values }) => [
    shortTime(observedAt),
    state,
    String(values),
    [
      reason,
      problem,
      ...issues.map(({ path, expected, received }) => `${path}: expected ${expected}, received ${received}`),
    ]
      .filter((line) => line !== null)
      .join("\n"),
  ]);
  const notable = rows.filter(([, state, , remark]) => state !== "ANALYZED" || remark !== "");
  const told = news.map(({ observedAt, severity, title, message, parts }) => [
    shortTime(observedAt),
    severity,
    [title, message, ...parts.map((part) => `  ${part}`)].join("\n"),
  ]);
  const [first] = messages;
  return [
    `${documents.length} documents, ${series.length} series of numbers, ${news.length} news, ${messages.length} messages`,
    ...(notable.length === 0
      ? ["Every document was analyzed, without an issue."]
      : [
          "",
          "Documents with something to say",
          table(["Observed", "State", "Values", ""], notable.slice(0, SHOWN)),
        ]),
    ...moreThan(notable.length),
    ...(told.length === 0
      ? ["Nothing to tell."]
      : ["", "News", table(["Observed", "Severity", ""], told.slice(0, SHOWN))]),
    ...moreThan(told.length),
    ...(first === undefined
      ? []
      : [
          "",
          `The first message (${first.channel}, ${shortTime(first.at)}): ${first.subject}`,
          "",
          first.text,
        ]),
  ].join("\n");
}

function moreThan(count: number): string[] {
  return count > SHOWN ? [`… and ${count - SHOWN} more (--json shows all)`] : [];
}

function shortTime(at: Date): string {
  return at.toISOString().replace("T", " ").slice(0, 16);
}
