import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { localDir } from "../paths.ts";
import { whenStopping } from "./shutdown.ts";
import type { Stack } from "./stack.ts";

const path = join(localDir, "stack.json");

const runningStack = z.object({
  pid: z.number(),
  baseUrl: z.string(),
  functionsUrl: z.string(),
  functionsOrigin: z.string(),
  firestoreHost: z.string(),
  tasksHost: z.string(),
  databaseUrl: z.string(),
  projectId: z.string(),
  blobDir: z.string(),
  inboxUrl: z.string(),
  slackUrl: z.string(),
  logFile: z.string(),
});

/** Lets other commands find this stack while it runs. */
export async function announceStack(stack: Stack): Promise<void> {
  const { secrets: _kept, stop: _own, ended: _too, ...reachable } = stack;
  await mkdir(localDir, { recursive: true });
  // It contains the database's password.
  await writeFile(path, JSON.stringify({ pid: process.pid, ...reachable }, null, 2), { mode: 0o600 });
  whenStopping(async () => {
    if ((await findStack())?.pid === process.pid) await rm(path, { force: true });
  });
}

/** The stack of a running `start`, if there is one. */
export async function findStack(): Promise<z.infer<typeof runningStack> | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const stack = runningStack.parse(JSON.parse(text));
  return isAlive(stack.pid) ? stack : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
