import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { localDir } from "../paths.ts";
import { UserError } from "../userError.ts";
import { type Stop, whenStopping } from "./shutdown.ts";

// A process killed by SIGKILL cleans up nothing. So each run keeps a file about what it started: the next run finds the
// files of dead runs and ends what they left. Processes are recognized by an environment variable, which all descendants
// inherit, whatever their process group.
const RUN_VARIABLE = "PARMA_RUN";
const runsDir = join(localDir, "runs");

const runFile = z.object({
  pid: z.int(),
  /** When that process started: its id may have been reused since. */
  startedAt: z.string(),
  folders: z.array(z.string()),
  /** Data of PostgreSQL servers, which outlast the run. */
  databases: z.array(z.string()).default([]),
});

type Run = z.output<typeof runFile>;

let own: { readonly file: string; readonly run: Run } | undefined;
let begun: Promise<void> | undefined;

/** Begins this process's run, once, and ends what killed runs left. Everything started later belongs to it. */
export function beginRun(): Promise<void> {
  begun ??= begin();
  return begun;
}

async function begin(): Promise<void> {
  mkdirSync(runsDir, { recursive: true });
  const id = randomBytes(8).toString("hex");
  const file = join(runsDir, `${id}.json`);
  own = {
    file,
    run: { pid: process.pid, startedAt: startOf(process.pid) ?? "", folders: [], databases: [] },
  };
  save();
  process.on("exit", () => rmSync(file, { force: true }));
  await endLeftovers();
  process.env[RUN_VARIABLE] = id;
}

/** Creates a temporary folder that is removed when everything stops, or by the next run. */
export async function runFolder(name: string): Promise<{ path: string; remove: Stop }> {
  await beginRun();
  // The real path: the emulators compare paths as text, and the temporary folder may be a link.
  const path = realpathSync(mkdtempSync(join(tmpdir(), `parma-${name}-`)));
  own?.run.folders.push(path);
  save();
  return {
    path,
    remove: whenStopping(async () => rmSync(path, { recursive: true, force: true, maxRetries: 5 })),
  };
}

/**
 * Reserves the folder of a PostgreSQL server whose data outlast the run. A server that a killed run left there is ended.
 *
 * @throws UserError where another run uses the folder
 */
export async function reserveDatabase(path: string): Promise<void> {
  await beginRun();
  const isUsed = otherRuns().some(({ run }) => run.databases.includes(path));
  if (isUsed) throw new UserError(`Another start uses ${path}. Stop it, or name another folder.`);
  own?.run.databases.push(path);
  save();
}

/** Writes this run's file as a whole: a run that is killed here leaves one that can be read. */
function save(): void {
  if (own === undefined) return;
  const unfinished = `${own.file}.new`;
  writeFileSync(unfinished, JSON.stringify(own.run));
  renameSync(unfinished, own.file);
}

/** Ends the processes and removes the folders of killed runs, and reports it. */
async function endLeftovers(): Promise<void> {
  for (const { file, run } of otherRuns()) {
    if (startOf(run.pid) === run.startedAt) continue;
    const id = file.slice(runsDir.length + 1, -".json".length);
    for (const path of run.databases) await endServer(path);
    const ended = await endProcesses(id);
    const folders = run.folders.filter((folder) => existsSync(folder));
    for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    rmSync(file, { force: true });
    console.error(
      `An earlier run was killed. Ended ${ended} processes and removed ${folders.length} folders that it left.`,
    );
  }
}

function otherRuns(): { file: string; run: Run }[] {
  return globSync(join(runsDir, "*.json")).flatMap((file) => {
    const run = file === own?.file ? undefined : readRun(file);
    return run === undefined ? [] : [{ file, run }];
  });
}

/** Reads a run's file; undefined if that run has just ended. */
function readRun(file: string): Run | undefined {
  try {
    return runFile.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return undefined;
  }
}

const PATIENCE_MS = 10_000;

/** Kills all processes of a run and waits until they are gone. @returns how many there were */
async function endProcesses(id: string): Promise<number> {
  const found = new Set<number>();
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await setTimeout(50)) {
    const left = processesOf(id);
    if (left.length === 0) break;
    for (const pid of left) {
      found.add(pid);
      kill(pid);
    }
  }
  return found.size;
}

/**
 * Ends the PostgreSQL server of a folder, if one runs. It may run as another user, whose variables cannot be read, so it
 * is known by its lock file; and it is shut down, as its data are to be kept.
 */
async function endServer(path: string): Promise<void> {
  const pid = Number.parseInt(contentOf(join(path, "postmaster.pid")), 10);
  const isThere = () => commandOf(pid).includes(path);
  for (const end = performance.now() + PATIENCE_MS; isThere() && performance.now() < end; ) {
    kill(pid, "SIGINT");
    await setTimeout(50);
  }
}

function kill(pid: number, signal: NodeJS.Signals = "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has already ended.
  }
}

function processesOf(id: string): number[] {
  const mark = `${RUN_VARIABLE}=${id}`;
  if (process.platform === "linux") {
    return globSync("/proc/[0-9]*/environ").flatMap((file) =>
      contentOf(file).split("\0").includes(mark) ? [Number(file.split("/")[2])] : [],
    );
  }
  return execFileSync("ps", ["axeww", "-o", "pid=,command="], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  })
    .split("\n")
    .filter((line) => line.split(" ").includes(mark))
    .map((line) => Number.parseInt(line, 10));
}

/** A process's command line; empty if there is none. */
function commandOf(pid: number): string {
  if (Number.isNaN(pid)) return "";
  if (process.platform === "linux") return contentOf(`/proc/${pid}/cmdline`);
  try {
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return "";
  }
}

/** When a process started, in the operating system's format; undefined if there is none. */
function startOf(pid: number): string | undefined {
  // The twentieth field after the program's name, which may contain spaces.
  if (process.platform === "linux") return contentOf(`/proc/${pid}/stat`).split(") ").at(-1)?.split(" ")[19];
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
}

/** Empty if the process has ended or belongs to another user. */
function contentOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
