import { createRequire } from "node:module";
import { join } from "node:path";
import { type DeployedFunction, functionsOf } from "../../functions/src/platform/declared.ts";
import { projectDir } from "../paths.ts";

/** The deployed functions, by name. */
export function deployedFunctions(): Readonly<Record<string, DeployedFunction>> {
  return functionsOf(createRequire(import.meta.url)(join(projectDir, "functions/src/main.cts")));
}
