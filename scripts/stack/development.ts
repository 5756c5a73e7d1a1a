import { messageOf } from "../userError.ts";
import { watchFunctions } from "./build.ts";
import { startScheduler } from "./scheduler.ts";
import { type Stack, type StackOptions, startStack } from "./stack.ts";
import { announceStack } from "./stackFile.ts";

/**
 * Starts a stack for development: scheduled functions fire, functions are rebuilt on change, and other commands find it.
 *
 * @param report receives what happens meanwhile
 */
export async function startDevelopment(
  options: StackOptions,
  report: (line: string) => void,
): Promise<Stack> {
  let reloadSchedules: (() => Promise<void>) | undefined;
  const stack = await startStack({
    ...options,
    onLog: (line) => {
      options.onLog?.(line);
      if (!reloadSchedules) return;
      if (line.includes("Failed to load function definition")) report(line);
      if (!line.includes("Loaded functions definitions")) return;
      report("Functions reloaded");
      reloadSchedules().catch((error: unknown) =>
        report(`Could not read the schedules: ${messageOf(error)}`),
      );
    },
  });
  reloadSchedules = startScheduler(stack, report);
  await reloadSchedules();
  watchFunctions(stack.stage, (line) => {
    if (line.includes("error TS")) report(line);
  });
  await announceStack(stack);
  return stack;
}
