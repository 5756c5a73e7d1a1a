import { spawn } from "node:child_process";
import { join } from "node:path";
import { projectDir } from "../paths.ts";
import { whenStopping } from "./shutdown.ts";

/** A tool's exit. */
export interface ToolResult {
  readonly exitCode: number;
  /** Its output, if that was kept. */
  readonly output: string;
}

/** The project's tools, as files in their packages; our own Node runs them. */
export const tools = {
  biome: "@biomejs/biome/bin/biome",
  tsc: "typescript/bin/tsc",
  knip: "knip/bin/knip.js",
  jest: "jest/bin/jest.js",
  firebase: "firebase-tools/lib/bin/firebase.js",
} as const;

/**
 * Runs one of the project's tools to its end.
 *
 * @param options.show whether its output goes to the terminal; otherwise it is kept
 */
export async function runTool(
  tool: keyof typeof tools,
  args: string[],
  options: { env?: NodeJS.ProcessEnv; show: boolean },
): Promise<ToolResult> {
  const child = spawn(process.execPath, [join(projectDir, "node_modules", tools[tool]), ...args], {
    cwd: projectDir,
    env: { ...process.env, ...options.env },
    stdio: options.show ? "inherit" : ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  }
  const ended = new Promise<number>((resolve, reject) => {
    child.once("close", (code) => resolve(code ?? 1)).once("error", reject);
  });
  const stop = whenStopping(async () => {
    child.kill("SIGTERM");
    await ended;
  });
  const exitCode = await ended;
  await stop();
  return { exitCode, output };
}
