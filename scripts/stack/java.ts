import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { findRuntimes, type IJavaRuntime } from "jdk-utils";
import njre from "njre";
import { localDir } from "../paths.ts";
import { messageOf, UserError } from "../userError.ts";

// The Firestore emulator's minimum. If there is none, we fetch the long-term release.
const oldestJava = 21;
const fetchedJava = 25;
const fetchedDir = join(localDir, "java", "jre");

/**
 * The home of a Java that can run the Firestore emulator: JAVA_HOME, one installed in the usual places, or one that
 * an earlier run fetched. Otherwise it is fetched now.
 */
export async function findJava(progress: (message: string) => void): Promise<string> {
  const installed = await findRuntimes({
    withVersion: true,
    withTags: true,
    additionalLocations: [fetchedDir],
  });
  const best = installed.filter(isRecent).sort(byPreference)[0];
  if (best) return best.homedir;
  progress(`Fetching Java ${fetchedJava} (the Firestore emulator runs on it)`);
  return fetchJava(installed);
}

async function fetchJava(installed: IJavaRuntime[]): Promise<string> {
  try {
    // njre unpacks into a folder "jre" beside the given path, whose parent must exist.
    await mkdir(join(localDir, "java"), { recursive: true });
    await njre.install(fetchedJava, { type: "jre", installPath: fetchedDir });
    const runtimes = await findRuntimes({ withVersion: true, additionalLocations: [fetchedDir] });
    const fetched = runtimes.find(isRecent);
    if (fetched) return fetched.homedir;
    throw new Error(`${fetchedDir} has no Java ${fetchedJava}`);
  } catch (error) {
    const found = installed.map((runtime) => runtime.version?.java_version).filter(Boolean);
    throw new UserError(
      `The Firestore emulator needs Java ${oldestJava} or newer; ${found.length > 0 ? `found ${found.join(", ")}` : "found none"}, ` +
        `and fetching one failed (${messageOf(error)}). Install a JDK or JRE (https://adoptium.net) and set JAVA_HOME to it.`,
      { cause: error },
    );
  }
}

function isRecent(runtime: IJavaRuntime): boolean {
  return (runtime.version?.major ?? 0) >= oldestJava;
}

/** JAVA_HOME first, then what is on PATH, then the newest. */
function byPreference(a: IJavaRuntime, b: IJavaRuntime): number {
  const rank = (runtime: IJavaRuntime) =>
    (runtime.isJavaHomeEnv ? 2000 : 0) + (runtime.isInPathEnv ? 1000 : 0);
  return rank(b) + (b.version?.major ?? 0) - rank(a) - (a.version?.major ?? 0);
}
