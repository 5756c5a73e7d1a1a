import { createWriteStream } from "node:fs";
import { delimiter, join } from "node:path";
import { localDir } from "../paths.ts";
import { UserError } from "../userError.ts";
import { type Child, ChildEnded, startChild } from "./child.ts";
import { firebaseCli } from "./firestoreJar.ts";
import { freePort } from "./ports.ts";
import { whenStopping } from "./shutdown.ts";
import { type EmulatorPorts, firebaseFile, writeConfiguration, writeSecrets } from "./stage.ts";

/** What the emulators need to run. */
export interface EmulatorsOptions {
  readonly stage: string;
  readonly projectId: string;
  readonly javaHome: string;
  readonly firestoreJar: string;
  /** The environment of the functions. */
  readonly env: Record<string, string>;
  readonly logFile: string;
  /** Ports that are asked for; free ones are looked for where none is. */
  readonly ports?: Partial<EmulatorPorts> | undefined;
  /** What the Firebase tools are asked to do; to start all emulators by default. */
  readonly command?: readonly string[] | undefined;
  /** The firebase.json to go by; the project's by default. */
  readonly configuration?: string | undefined;
  /** Is told every line that the emulators print. */
  readonly onLog?: ((line: string) => void) | undefined;
}

/** The emulators, running and with all functions loaded. */
export interface Emulators {
  readonly ports: EmulatorPorts;
  /** Resolves when they have ended, by themselves or not. */
  readonly ended: Promise<ChildEnded>;
}

/** Starts the Firebase Emulator Suite and waits until every function is loaded. */
export async function startEmulators(options: EmulatorsOptions, tries = 3): Promise<Emulators> {
  await writeSecrets(options.stage, options.env);
  const ports = await choosePorts(options.ports ?? {});
  // Before what it follows: things are stopped in the opposite order.
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
    // Another program took a port between our look and the emulator's start.
    if (error instanceof PortTaken && tries > 1) return startEmulators(options, tries - 1);
    throw error;
  }
}

/**
 * Java runs in a process group of its own, and outlives the Firebase tools where they had to be killed because a
 * function did not end.
 */
async function endFirestore(port: number): Promise<void> {
  await fetch(`http://127.0.0.1:${port}/shutdown`, {
    method: "POST",
    signal: AbortSignal.timeout(5_000),
  }).catch(
    // It has ended already.
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

function launch(options: EmulatorsOptions, configuration: string): Child {
  const log = createWriteStream(options.logFile, { flags: "a" });
  const child = startChild(
    process.execPath,
    [
      firebaseCli,
      ...(options.command ?? ["emulators:start", ...ALL_EMULATORS]),
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
    },
  );
  void child.ended.then(() => log.end());
  return child;
}

function environment(options: EmulatorsOptions): NodeJS.ProcessEnv {
  const { JAVA_TOOL_OPTIONS = "" } = options.env;
  return {
    ...process.env,
    // Each call at a time is a process of its own, which takes a second to start; a hundred documents take as long.
    // By default it starts fifty when many documents come at once.
    FUNCTIONS_EMULATOR_PARALLEL: "12",
    // What one process has compiled, the next one loads.
    NODE_COMPILE_CACHE: join(localDir, "compile-cache"),
    ...options.env,
    // The Firebase tools run the `java` and, for the functions, the `node` that they find first.
    PATH: [join(options.javaHome, "bin"), join(process.execPath, ".."), process.env.PATH].join(delimiter),
    JAVA_HOME: options.javaHome,
    FIRESTORE_EMULATOR_BINARY_PATH: options.firestoreJar,
    // Where the emulators keep their sockets and the file by which others find them: a second run has its own.
    TMPDIR: join(options.stage, "tmp"),
    // Loading takes long on a busy machine; the default of 10 s is for deployment.
    FUNCTIONS_DISCOVERY_TIMEOUT: "60",
    // The Firestore emulator lives for minutes: compiling less costs it half the processor time.
    JAVA_TOOL_OPTIONS: `-XX:TieredStopAtLevel=1 -XX:+UseSerialGC ${JAVA_TOOL_OPTIONS}`,
    // The Firebase tools ask npm whether they are up to date, and wait 10 s where there is no network.
    npm_config_offline: "true",
    // No questions, no look-ups on the network, no colours in the log.
    CI: "1",
    METADATA_SERVER_DETECTION: "none",
    NO_UPDATE_NOTIFIER: "1",
    NO_COLOR: "1",
  };
}

class PortTaken extends UserError {}

/** The first line that tells how the start went. */
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
    throw new UserError(`The emulators did not start (${reason.trim()}): the whole story is in ${logFile}`, {
      cause: error,
    });
  }
  if (found.groups?.taken) throw new PortTaken(`The emulators found no free ports: see ${logFile}`);
  if (found.groups?.unloaded) {
    // What the functions threw comes before, as Node prints it.
    const thrown = child.lastLines.findLast((line) => /^\w*Error: /.test(line)) ?? found.groups.unloaded;
    throw new UserError(
      `The functions could not be loaded (${thrown}): correct functions/src/main.cts or what it loads; the whole ` +
        `story is in ${logFile}`,
    );
  }
}
