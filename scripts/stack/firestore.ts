import { join } from "node:path";
import { projectDir } from "../paths.ts";
import { UserError } from "../userError.ts";
import { type Child, ChildEnded, startChild } from "./child.ts";
import { findFirestoreJar } from "./firestoreJar.ts";
import { findJava } from "./java.ts";
import { freePort } from "./ports.ts";
import { beginRun } from "./run.ts";
import type { Stop } from "./shutdown.ts";

/** A Firestore emulator alone, for tests that need no functions. */
export interface Firestore {
  /** As FIRESTORE_EMULATOR_HOST wants it. */
  readonly host: string;
  readonly stop: Stop;
}

/**
 * Starts the Firestore emulator alone, on a free port, with the rules of the project.
 *
 * @param eventsHost where it posts the events of the triggers that are registered with it, as `host:port`
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
