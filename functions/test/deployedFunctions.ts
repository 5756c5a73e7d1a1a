import { type DeployedFunction, functionsOf } from "../src/platform/declared.ts";

/** The functions that are deployed, by name, in this test's registry of modules. */
export function deployedFunctions(): Readonly<Record<string, DeployedFunction>> {
  return functionsOf(require("../src/main.cts"));
}
