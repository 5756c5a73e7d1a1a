import { spawn } from "node:child_process";
import { join } from "node:path";
import { projectDir } from "../paths.ts";
import { whenStopping } from "./shutdown.ts";

/** How a tool of the project ended. */
export interface ToolResult {
  readonly exitCode: number;
  /** What it printed, if that was kept. */
  readonly output: string;
}

/** The tools of the project, as files of their packages, to be run by the Node that runs us. */
export const tools = {
  biome: "@biomejs/biome/bin/biome",
  tsc: "typescript/bin/tsc",
  knip: "knip/bin/knip.js",
  jest: "jest/bin/jest.js",
  firebase: "firebase-tools/lib/bin/firebase.js",
} as const;

/**
 * Runs a tool of the project to its end.
 *
 * @param options.show whether its output goes to the terminal, else it is kept
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
