import { join } from "node:path";
import { projectDir } from "../paths.ts";
import { UserError } from "../userError.ts";
import { type Child, ChildEnded, startChild } from "./child.ts";
import { findFirestoreJar } from "./firestoreJar.ts";
import { findJava } from "./java.ts";
import { freePort } from "./ports.ts";
import { beginRun } from "./run.ts";
import type { Stop } from "./shutdown.ts";

/** A Firestore emulator on its own, for tests that need no functions. */
export interface Firestore {
  /** The value for FIRESTORE_EMULATOR_HOST. */
  readonly host: string;
  readonly stop: Stop;
}

/**
 * Starts only the Firestore emulator, on a free port, with the project's rules.
 *
 * @param eventsHost where it posts events of registered triggers, as `host:port`
 */
export async function startFirestore(
  projectId: string,
  progress: (message: string) => void,
  eventsHost?: string,
): Promise<Firestore> {
  await beginRun();
  const [javaHome, jar] = [await findJava(progress), await findFirestoreJar(progress)];
  const port = await freePort();
  const child = startChild(join(javaHome, "bin", "java"), [
    "-Duser.language=en",
    ...["-jar", jar],
    ...["--host", "127.0.0.1", "--port", String(port), "--project_id", projectId],
    ...["--rules", join(projectDir, "firestore.rules")],
    ...(eventsHost === undefined ? [] : ["--functions_emulator", eventsHost]),
  ]);
  await untilRunning(child);
  return { host: `127.0.0.1:${port}`, stop: child.stop };
}

async function untilRunning(child: Child): Promise<void> {
  try {
    await child.output(/Dev App Server is now running/);
  } catch (error) {
    if (!(error instanceof ChildEnded)) throw error;
    throw new UserError(`The Firestore emulator did not start: ${error.lastLines.slice(-5).join(" ")}`, {
      cause: error,
    });
  }
}
