import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, realpath, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { strToU8, zipSync } from "fflate";
import { localDir, projectDir } from "../paths.ts";
import { UserError } from "../userError.ts";
import { startChild } from "./child.ts";

/** The entry point of the Firebase tools, for Node to run. */
export const firebaseCli = join(projectDir, "node_modules", "firebase-tools", "lib", "bin", "firebase.js");

const cacheDir = process.env["FIREBASE_EMULATORS_PATH"] || join(homedir(), ".cache", "firebase", "emulators");

/**
 * The Firestore emulator as a file for `java -jar`: the one at FIRESTORE_EMULATOR_BINARY_PATH, the one that the
 * Firebase tools fetched earlier, or the Google Cloud CLI's; otherwise the Firebase tools fetch it now.
 */
export async function findFirestoreJar(progress: (message: string) => void): Promise<string> {
  const named = process.env["FIRESTORE_EMULATOR_BINARY_PATH"];
  if (named) {
    if (existsSync(named)) return named;
    throw new UserError(
      `FIRESTORE_EMULATOR_BINARY_PATH names ${named}, which does not exist. Correct or unset it.`,
    );
  }
  return (await cachedJar()) ?? (await cloudCliJar()) ?? (await fetchJar(progress));
}

async function cachedJar(): Promise<string | undefined> {
  const files = await readdir(cacheDir).catch(() => []);
  const jars = files.filter((file) => /^cloud-firestore-emulator-.*\.jar$/.test(file));
  const newest = jars.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
  return newest && join(cacheDir, newest);
}

/** The Google Cloud CLI's copy of the emulator, which only lacks the manifest entry that names its main class. */
async function cloudCliJar(): Promise<string | undefined> {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const gcloud = await realpath(join(folder, "gcloud")).catch(() => undefined);
    if (!gcloud) continue;
    const emulatorDir = join(dirname(dirname(gcloud)), "platform", "cloud-firestore-emulator");
    const jar = join(emulatorDir, "cloud-firestore-emulator.jar");
    if (existsSync(jar)) return runnableJar(jar);
  }
  return undefined;
}

async function runnableJar(jar: string): Promise<string> {
  const manifest = [
    "Manifest-Version: 1.0",
    "Main-Class: com.google.cloud.datastore.emulator.firestore.CloudFirestore",
    `Class-Path: ${pathToFileURL(jar).href}`,
  ];
  // A manifest line holds at most 72 bytes including its end; a leading space continues the line before.
  const wrapped = manifest.map((line) => line.replace(/.{69}(?=.)/g, "$&\r\n "));
  const content = `${wrapped.join("\r\n")}\r\n\r\n`;
  const version = createHash("sha256").update(content).digest("hex").slice(0, 8);
  const path = join(localDir, `firestore-emulator-${version}.jar`);
  if (!existsSync(path)) {
    await mkdir(localDir, { recursive: true });
    // Renamed into place, so that another run never sees half a file.
    const unfinished = `${path}.${process.pid}`;
    await writeFile(unfinished, zipSync({ "META-INF/MANIFEST.MF": strToU8(content) }));
    await rename(unfinished, path);
  }
  return path;
}

async function fetchJar(progress: (message: string) => void): Promise<string> {
  progress("Fetching the Firestore emulator");
  const child = startChild(process.execPath, [firebaseCli, "setup:emulators:firestore"], {
    cwd: projectDir,
    env: { ...process.env, CI: "1", NO_UPDATE_NOTIFIER: "1" },
  });
  const end = await child.ended;
  const jar = await cachedJar();
  if (jar) return jar;
  throw new UserError(
    `The Firestore emulator is missing and could not be fetched (${end.lastLines.at(-1) ?? "no answer"}). Run ` +
      "`npx firebase setup:emulators:firestore` where the network allows, or install Google's package " +
      "google-cloud-cli-firestore-emulator, or name the jar in FIRESTORE_EMULATOR_BINARY_PATH.",
  );
}
