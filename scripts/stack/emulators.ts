import { createWriteStream } from "node:fs";
import { delimiter, join } from "node:path";
import { localDir } from "../paths.ts";
import { UserError } from "../userError.ts";
import { type Child, ChildEnded, startChild } from "./child.ts";
import { firebaseCli } from "./firestoreJar.ts";
import { freePort } from "./ports.ts";
import { whenStopping } from "./shutdown.ts";
import { type EmulatorPorts, firebaseFile, writeConfiguration, writeSecrets } from "./stage.ts";

/** Options of {@link startEmulators}. */
export interface EmulatorsOptions {
  readonly stage: string;
  readonly projectId: string;
  readonly javaHome: string;
  readonly firestoreJar: string;
  /** The environment of the functions. */
  readonly env: Record<string, string>;
  readonly logFile: string;
  /** Fixed ports; free ones are chosen for the rest. */
  readonly ports?: Partial<EmulatorPorts> | undefined;
  /** The Firebase tools' command; by default, to start all emulators. */
  readonly command?: readonly string[] | undefined;
  /** Firestore's data are read from this folder at the start, if it is there, and written to it at the end. */
  readonly dataDir?: string | undefined;
  /** The firebase.json to use; by default, the project's. */
  readonly configuration?: string | undefined;
  /** Receives every line that the emulators print. */
  readonly onLog?: ((line: string) => void) | undefined;
}

/** The emulators, running and with all functions loaded. */
export interface Emulators {
  readonly ports: EmulatorPorts;
  /** Resolves when they have ended, for whatever reason. */
  readonly ended: Promise<ChildEnded>;
}

/** Starts the Firebase Emulator Suite and waits until every function is loaded. */
export async function startEmulators(options: EmulatorsOptions, tries = 3): Promise<Emulators> {
  await writeSecrets(options.stage, options.env);
  const ports = await choosePorts(options.ports ?? {});
  // Registered first, because things stop in reverse order.
  whenStopping(() => endFirestore(ports.firestore));
  const env = { PUBLIC_URL: `http://127.0.0.1:${ports.hosting}`, ...options.env };
  const child = launch(
    { ...options, env },
    await writeConfiguration(options.stage, options.configuration ?? firebaseFile, ports),
  );
  try {
    await untilReady(child, options.logFile);
    return { ports, ended: child.ended };
  } catch (error) {
    await child.stop();
    // Another program took a port between our check and the emulator's start.
    if (error instanceof PortTaken && tries > 1) return startEmulators(options, tries - 1);
    throw error;
  }
}

/**
 * Java runs in its own process group and outlives the Firebase tools if they had to be killed because a
 * function did not end.
 */
async function endFirestore(port: number): Promise<void> {
  await fetch(`http://127.0.0.1:${port}/shutdown`, {
    method: "POST",
    signal: AbortSignal.timeout(5_000),
  }).catch(
    // It has already ended.
    () => undefined,
  );
}

async function choosePorts(wanted: Partial<EmulatorPorts>): Promise<EmulatorPorts> {
  return {
    hosting: await freePort(),
    functions: await freePort(),
    firestore: await freePort(),
    firestoreWebsocket: await freePort(),
    tasks: await freePort(),
    eventarc: await freePort(),
    hub: await freePort(),
    logging: await freePort(),
    ...wanted,
  };
}

/** The emulators that the functions need. */
export const ALL_EMULATORS = ["--only", "functions,firestore,tasks,hosting"] as const;

// Ended by a signal, the Firebase tools wait for functions that are running, and write the data that they are to keep.
// Where nothing is kept, they are killed.
const EXPORT_PATIENCE_MS = 60_000;

function launch(options: EmulatorsOptions, configuration: string): Child {
  const { command, dataDir } = options;
  const log = createWriteStream(options.logFile, { flags: "a" });
  const child = startChild(
    process.execPath,
    [
      firebaseCli,
      ...(command ?? ["emulators:start", ...ALL_EMULATORS]),
      ...(dataDir === undefined ? [] : ["--import", dataDir, "--export-on-exit", dataDir]),
      ...["--project", options.projectId],
      ...["--config", configuration],
    ],
    {
      cwd: options.stage,
      env: environment(options),
      onLine: (line) => {
        log.write(`${line}\n`);
        options.onLog?.(line);
      },
      ...(command === undefined && dataDir === undefined ? { stopSignal: "SIGKILL" } : {}),
      patienceMs: EXPORT_PATIENCE_MS,
    },
  );
  void child.ended.then(() => log.end());
  return child;
}

function environment(options: EmulatorsOptions): NodeJS.ProcessEnv {
  const { JAVA_TOOL_OPTIONS = "" } = options.env;
  return {
    ...process.env,
    // Each concurrent call takes its own process, which takes a second to start; a hundred documents take as long.
    // By default, fifty start when many documents come at once.
    FUNCTIONS_EMULATOR_PARALLEL: "12",
    // Processes share compiled code.
    NODE_COMPILE_CACHE: join(localDir, "compile-cache"),
    ...options.env,
    // The Firebase tools run the `java` and, for the functions, the `node` that they find first.
    PATH: [join(options.javaHome, "bin"), join(process.execPath, ".."), process.env.PATH].join(delimiter),
    JAVA_HOME: options.javaHome,
    FIRESTORE_EMULATOR_BINARY_PATH: options.firestoreJar,
    // The emulators keep their sockets and discovery file here; each run has its own.
    TMPDIR: join(options.stage, "tmp"),
    // Loading is slow on a busy machine; the default of 10 s is meant for deployment.
    FUNCTIONS_DISCOVERY_TIMEOUT: "60",
    // The Firestore emulator lives for minutes; compiling less halves its processor time.
    JAVA_TOOL_OPTIONS: `-XX:TieredStopAtLevel=1 -XX:+UseSerialGC ${JAVA_TOOL_OPTIONS}`,
    // The Firebase tools check npm for updates, and wait 10 s if there is no network.
    npm_config_offline: "true",
    // No prompts, no network look-ups, no colours in the log.
    CI: "1",
    METADATA_SERVER_DETECTION: "none",
    NO_UPDATE_NOTIFIER: "1",
    NO_COLOR: "1",
  };
}

class PortTaken extends UserError {}

/** The first line that shows how the start went. */
const outcome =
  /(?<ready>All emulators ready|Running script:)|Failed to load function definition from source: (?<unloaded>.*)|(?<taken>port taken|EADDRINUSE|Address already in use)/;

async function untilReady(child: Child, logFile: string): Promise<void> {
  let found: RegExpExecArray;
  try {
    found = await child.output(outcome);
  } catch (error) {
    if (!(error instanceof ChildEnded)) throw error;
    const reason =
      error.lastLines.findLast((line) => /error/i.test(line)) ?? error.lastLines.at(-1) ?? error.reason;
    throw new UserError(`The emulators did not start (${reason.trim()}). Full log: ${logFile}`, {
      cause: error,
    });
  }
  if (found.groups?.taken) throw new PortTaken(`The emulators found no free ports; see ${logFile}`);
  if (found.groups?.unloaded) {
    // Node has printed what the functions threw before this line.
    const thrown = child.lastLines.findLast((line) => /^\w*Error: /.test(line)) ?? found.groups.unloaded;
    throw new UserError(
      `The functions could not be loaded (${thrown}). Fix functions/src/main.cts or what it loads. Full ` +
        `log: ${logFile}`,
    );
  }
}
