import { runTool, type tools } from "../stack/foreground.ts";
import { UserError } from "../userError.ts";

/** How many passed and how many failed. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

interface Check {
  readonly name: string;
  readonly tool: keyof typeof tools;
  readonly args: string[];
  readonly solution: string;
}

const checks: Check[] = [
  {
    name: "formatting and lint",
    tool: "biome",
    args: ["check", "--error-on-warnings"],
    solution: "npx biome check --write",
  },
  { name: "types", tool: "tsc", args: ["--pretty"], solution: "npx tsc" },
  { name: "unused code", tool: "knip", args: [], solution: "npx knip" },
];

/** Runs all checks and prints the output of those that fail. */
export async function runChecks(): Promise<Counts> {
  // In parallel: each takes seconds, and none keeps a core busy all the time.
  const failures = await Promise.all(checks.map(runCheck));
  const failed = failures.filter(Boolean).length;
  return { passed: checks.length - failed, failed };
}

async function runCheck({ name, tool, args, solution }: Check): Promise<boolean> {
  const started = performance.now();
  const { exitCode, output } = await runTool(tool, args, {
    show: false,
    env: { FORCE_COLOR: process.stdout.isTTY ? "1" : "0" },
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (exitCode === 0) {
    console.log(`✓ ${name} (${seconds} s)`);
    return false;
  }
  console.log(`✗ ${name} (${seconds} s; again by \`${solution}\`)\n${output.trim()}\n`);
  return true;
}

/** `check`: formatting, lint, types and unused code. */
export async function check(): Promise<void> {
  const { failed } = await runChecks();
  if (failed > 0) throw new UserError(`${failed} of ${checks.length} checks failed: see above.`);
}
