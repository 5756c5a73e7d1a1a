import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { projectDir } from "../paths.ts";
import { messageOf, UserError } from "../userError.ts";
import { runFolder } from "./run.ts";

/** The emulators' ports in one run. */
export interface EmulatorPorts {
  readonly hosting: number;
  readonly functions: number;
  readonly firestore: number;
  readonly firestoreWebsocket: number;
  readonly tasks: number;
  readonly eventarc: number;
  readonly hub: number;
  readonly logging: number;
}

const functionsSource = join(projectDir, "functions");

/**
 * A folder from which the emulators run: the project's configuration with this run's ports, and a separate build of the
 * functions.
 *
 * Each run has its own, so that concurrent runs do not load each other's half-written build, edits during a test run
 * change nothing, and the emulators' own files are removed with it.
 */
export async function makeStage(): Promise<string> {
  const { path: stage } = await runFolder("stack");
  const functions = join(stage, "functions");
  await mkdir(functions);
  await mkdir(join(stage, "tmp"));
  for (const entry of await readdir(functionsSource)) {
    // Functions see only this run's variables, not those in a developer's .env files.
    if (entry === "lib" || entry === "src" || entry === "test" || /^\.(env|secret)/.test(entry)) continue;
    await symlink(join(functionsSource, entry), join(functions, entry));
  }
  return stage;
}

/** The project's firebase.json. */
export const firebaseFile = join(projectDir, "firebase.json");

const emulator = z.object({ port: z.int() }).optional();

const firebaseJson = z.looseObject({
  functions: z.array(z.looseObject({ source: z.literal("functions") })).length(1),
  firestore: z.looseObject({ rules: z.string(), indexes: z.string() }),
  hosting: z.looseObject({ public: z.string() }),
  emulators: z
    .looseObject({ hosting: emulator, functions: emulator, firestore: emulator, tasks: emulator })
    .optional(),
});

async function readConfiguration(file: string): Promise<z.output<typeof firebaseJson>> {
  try {
    return firebaseJson.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    throw new UserError(`${file} is not a valid configuration of this project: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** The ports in a firebase.json. */
export async function configuredPorts(file: string): Promise<Partial<EmulatorPorts>> {
  const { hosting, functions, firestore, tasks } = (await readConfiguration(file)).emulators ?? {};
  const named = { hosting, functions, firestore, tasks };
  return Object.fromEntries(
    Object.entries(named).flatMap(([name, found]) => (found === undefined ? [] : [[name, found.port]])),
  );
}

/** Writes the project's firebase.json into the stage, with this run's ports. */
export async function writeConfiguration(stage: string, file: string, ports: EmulatorPorts): Promise<string> {
  const project = await readConfiguration(file);
  const here = (port: number) => ({ host: "127.0.0.1", port });
  const configuration = {
    ...project,
    functions: project.functions.map(({ predeploy: _builtAlready, ...functions }) => functions),
    firestore: {
      rules: join(projectDir, project.firestore.rules),
      indexes: join(projectDir, project.firestore.indexes),
    },
    hosting: { ...project.hosting, public: join(projectDir, project.hosting.public) },
    emulators: {
      hosting: here(ports.hosting),
      functions: here(ports.functions),
      firestore: { ...here(ports.firestore), websocketPort: ports.firestoreWebsocket },
      tasks: here(ports.tasks),
      eventarc: here(ports.eventarc),
      hub: here(ports.hub),
      logging: here(ports.logging),
      ui: { enabled: false },
      singleProjectMode: true,
    },
  };
  const path = join(stage, "firebase.json");
  await writeFile(path, JSON.stringify(configuration, null, 2));
  return path;
}

/** Gives the functions their secrets, which the emulators would otherwise look up in Secret Manager. */
export async function writeSecrets(stage: string, secrets: Record<string, string>): Promise<void> {
  const lines = Object.entries(secrets).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  await writeFile(join(stage, "functions", ".secret.local"), `${lines.join("\n")}\n`);
}
