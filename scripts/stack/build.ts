import { join } from "node:path";
import { projectDir } from "../paths.ts";
import { UserError } from "../userError.ts";
import { type Child, startChild } from "./child.ts";

const tsc = join(projectDir, "node_modules", "typescript", "bin", "tsc");

function compile(stage: string, extra: string[], onLine?: (line: string) => void): Child {
  const args = [
    tsc,
    ...["--project", join(projectDir, "functions", "tsconfig.build.json")],
    ...["--outDir", join(stage, "functions", "lib")],
    ...["--tsBuildInfoFile", join(stage, "functions", "lib", ".tsbuildinfo")],
    ...["--pretty", "false"],
    ...extra,
  ];
  return startChild(process.execPath, args, { cwd: projectDir, ...(onLine && { onLine }) });
}

/**
 * Compiles the functions.
 *
 * @param stage the folder that contains `functions`: a stage, or the project itself
 */
export async function buildFunctions(stage: string): Promise<void> {
  const lines: string[] = [];
  const end = await compile(stage, [], (line) => lines.push(line)).ended;
  if (end.reason === "exit code 0") return;
  const shown = lines.slice(0, 20).join("\n  ");
  throw new UserError(`The functions do not compile. Fix what \`scripts/dev check\` shows:\n  ${shown}`);
}

/**
 * Compiles the functions into the stage whenever a source changes; the emulators reload them by themselves.
 *
 * @param report receives the compiler's output
 */
export function watchFunctions(stage: string, report: (line: string) => void): void {
  compile(stage, ["--watch", "--preserveWatchOutput"], report);
}
