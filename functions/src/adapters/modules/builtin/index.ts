import type { BuiltinModule } from "../builtinModule.ts";

/** The modules of this project, by the name after `builtin:`. Each is loaded when it is first called. */
export const builtinModules: ReadonlyMap<string, () => Promise<BuiltinModule>> = new Map([
  ["github", async () => (await import("./github/github.ts")).github],
  ["history", async () => (await import("./history/history.ts")).history],
]);
