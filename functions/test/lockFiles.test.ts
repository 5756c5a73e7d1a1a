import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { z } from "zod";

const names = z.record(z.string(), z.string()).default({});
const lockFile = z.object({
  packages: z.record(
    z.string(),
    z.object({ resolved: z.string().optional(), dependencies: names, optionalDependencies: names }),
  ),
});

// `npm ci` refuses a lock file that lacks optional packages of any platform, and npm leaves them out when it makes one
// next to a node_modules (npm/cli#4828). `npm install --package-lock-only` in a copy without node_modules adds them.
test.each(["package-lock.json", "functions/package-lock.json"])(
  "%s is complete for every platform, and names no registry",
  (file) => {
    const text = readFileSync(join(__dirname, "../..", file), "utf8");
    const { packages } = lockFile.parse(JSON.parse(text));
    const missing = Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies })
        .filter((name) => !foldersAbove(path).some((folder) => `${folder}node_modules/${name}` in packages))
        .map((name) => `${name}, which ${path} needs`),
    );
    expect(missing).toEqual([]);
    expect(Object.values(packages).flatMap(({ resolved }) => resolved ?? [])).toEqual([]);
  },
);

/** Where Node looks for what a package needs: "" for the root, "node_modules/a/" for a's own. */
function foldersAbove(path: string): string[] {
  const parts = path.split("/node_modules/");
  return ["", ...parts.map((_, i) => `${parts.slice(0, i + 1).join("/node_modules/")}/`)];
}
