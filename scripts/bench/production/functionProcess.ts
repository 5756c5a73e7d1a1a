import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { projectDir } from "../../paths.ts";
import { freePort } from "../../stack/ports.ts";
import { type Stop, whenStopping } from "../../stack/shutdown.ts";

/** What a process has used up since it started. */
const usage = z.object({
  processorSeconds: z.number(),
  residentMiB: z.number(),
  peakMiB: z.number(),
  reads: z.number(),
  writes: z.number(),
  writtenBytes: z.number(),
});

export type Usage = z.output<typeof usage>;

/** A process that serves one function. */
export interface FunctionProcess {
  readonly url: string;
  usage(): Promise<Usage>;
  /** What it has printed last. */
  said(): string;
  /** How much it has printed. */
  printedBytes(): number;
  readonly stop: Stop;
}

export interface FunctionProgram {
  readonly name: string;
  /** The program that the function is in. */
  readonly folder: string;
  readonly probe: string;
  /** As a new document's event comes, or as a request. */
  readonly isEvent?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

const framework = join(
  projectDir,
  "node_modules",
  "@google-cloud",
  "functions-framework",
  "build",
  "src",
  "main.js",
);

/** Starts a process as Cloud Functions does: the Functions Framework with one function. Resolves when it listens. */
export async function startFunction(program: FunctionProgram): Promise<FunctionProcess> {
  const port = await freePort();
  const child = fork(framework, {
    cwd: program.folder,
    execArgv: ["--import", pathToFileURL(program.probe).href],
    env: environment(program, port),
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const { said, printedBytes } = outputOf(child);
  const ended = new Promise<never>((_resolve, reject) => {
    child.once("exit", (code, signal) => {
      reject(new Error(`The function ${program.name} ended (${signal ?? `exit code ${code}`}): ${said()}`));
    });
  });
  ended.catch(() => undefined);
  const stop = whenStopping(async () => {
    child.kill("SIGKILL");
    await ended.catch(() => undefined);
  });
  await Promise.race([message(child, z.literal("listening")), ended]);
  return {
    url: `http://127.0.0.1:${port}`,
    usage: () => {
      if (!child.connected) return ended;
      const answer = message(child, usage);
      child.send("usage");
      return Promise.race([answer, ended]);
    },
    said,
    printedBytes,
    stop,
  };
}

/** What Cloud Functions sets, and nothing of this process' own environment that would change how it starts. */
function environment({ name, isEvent, env }: FunctionProgram, port: number): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  return {
    ...{ PATH, HOME, TMPDIR },
    NODE_ENV: "production",
    PORT: String(port),
    FUNCTION_TARGET: name,
    FUNCTION_SIGNATURE_TYPE: isEvent ? "cloudevent" : "http",
    K_SERVICE: name.toLowerCase(),
    K_REVISION: "1",
    ...env,
  };
}

function message<S extends z.ZodType>(child: ChildProcess, schema: S): Promise<z.output<S>> {
  return new Promise((resolve) => {
    const look = (sent: unknown) => {
      const parsed = schema.safeParse(sent);
      if (!parsed.success) return;
      child.off("message", look);
      resolve(parsed.data);
    };
    child.on("message", look);
  });
}

const KEPT_CHARACTERS = 2_000;

function outputOf(child: ChildProcess): Pick<FunctionProcess, "said" | "printedBytes"> {
  let text = "";
  let bytes = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      text = (text + chunk).slice(-KEPT_CHARACTERS);
      bytes += Buffer.byteLength(chunk);
    });
  }
  return { said: () => text, printedBytes: () => bytes };
}
