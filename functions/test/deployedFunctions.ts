import { z } from "zod";

const functions = z.record(
  z.string(),
  z.custom<DeployedFunction>((it) => typeof it === "function" && "__endpoint" in it),
);

/** A function, with what it says to whoever deploys it. */
export type DeployedFunction = ((...args: never[]) => unknown) & {
  readonly __endpoint: Readonly<Record<string, unknown>>;
};

/** The functions that are deployed, by name. */
export function deployedFunctions(): Readonly<Record<string, DeployedFunction>> {
  return functions.parse({ ...require("../src/main.cts") });
}
