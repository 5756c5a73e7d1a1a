import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { projectDir } from "../../paths.ts";
import { listen } from "../../stack/listen.ts";
import { whenStopping } from "../../stack/shutdown.ts";
import type { Random } from "../random.ts";

/** A process of the functions: one function each. */
interface Worker {
  readonly pid: number;
  readonly functionName: string;
  /** How many calls it is working on. */
  calls: number;
  readonly ended: Promise<void>;
}

/** The processes of the functions, as they report themselves. */
export interface Workers {
  /** What the functions' environment needs for that. */
  readonly env: Readonly<Record<string, string>>;
  /** How many were started so far. */
  started(): number;
  /**
   * Kills (SIGKILL) a process that is at work; waits for one, and first for one of a function that was killed seldom.
   *
   * @returns the function's name; undefined where it was stopped before one was at work
   */
  kill(random: Random, stop: AbortSignal): Promise<string | undefined>;
}

/** Listens for the processes of the functions. */
export async function startWorkers(): Promise<Workers> {
  const workers = new Set<Worker>();
  const killed = new Map<string, number>();
  let started = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    started += 1;
    follow(socket, workers, killed);
  });
  const host = await listen(server);
  whenStopping(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  );
  const program = join(projectDir, "scripts", "soak", "faults", "worker.ts");
  return {
    env: {
      SOAK_WORKERS: host,
      NODE_OPTIONS: [process.env["NODE_OPTIONS"], `--import=${pathToFileURL(program)}`].join(" ").trim(),
    },
    started: () => started,
    kill: (random, stop) => kill(workers, killed, random, stop),
  };
}

function follow(socket: Socket, workers: Set<Worker>, killed: Map<string, number>): void {
  let worker: Worker | undefined;
  // Its end, however it comes, is the end of the process: from then on its number may be another's.
  const ended = new Promise<void>((resolve) => {
    socket.on("error", () => socket.destroy()).once("close", resolve);
  });
  void ended.then(() => worker && workers.delete(worker));
  createInterface({ input: socket }).on("line", (line) => {
    if (worker !== undefined) {
      worker.calls += line === "begin" ? 1 : -1;
      return;
    }
    const [pid = "", functionName = ""] = line.split(" ");
    worker = { pid: Number(pid), functionName, calls: 0, ended };
    workers.add(worker);
    if (!killed.has(functionName)) killed.set(functionName, 0);
  });
}

const LOOK_EVERY_MS = 5;
// Most calls take some ten milliseconds: one is caught soon after its beginning, at its end, or between.
const LONGEST_INTO_CALL_MS = 120;
// Some functions run all the time and others for moments.
const PATIENCE_FOR_SELDOM_ONES_MS = 1_000;

async function kill(
  workers: ReadonlySet<Worker>,
  killed: Map<string, number>,
  random: Random,
  stop: AbortSignal,
): Promise<string | undefined> {
  const started = performance.now();
  const times = ({ functionName }: Worker) => killed.get(functionName) ?? 0;
  for (;;) {
    const waited = performance.now() - started;
    const most = waited < PATIENCE_FOR_SELDOM_ONES_MS ? Math.min(...killed.values()) + 1 : Infinity;
    const [worker] = [...workers]
      .filter((one) => one.calls > 0 && times(one) <= most)
      .toSorted((a, b) => times(a) - times(b));
    if (worker !== undefined) {
      await setTimeout(random.int(0, LONGEST_INTO_CALL_MS));
      if (workers.has(worker) && worker.calls > 0) {
        process.kill(worker.pid, "SIGKILL");
        killed.set(worker.functionName, times(worker) + 1);
        await worker.ended;
        return worker.functionName;
      }
    }
    if (stop.aborted) return undefined;
    await setTimeout(LOOK_EVERY_MS);
  }
}
