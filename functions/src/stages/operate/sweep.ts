import type { Patience, SweepContext, Upkeep } from "../../domain/upkeep/upkeep.ts";

/**
 * Runs the sweep steps of all stages, one after another. A failing step does not stop the others.
 *
 * @returns how much of each kind was restarted or failed
 * @throws Error with the first failure as its cause, once all have had their turn
 */
export async function sweep(
  stages: readonly Upkeep[],
  context: SweepContext,
  patience: Patience,
): Promise<Record<string, number>> {
  const steps = stages.flatMap((stage) => stage.sweep ?? []);
  const counts: Record<string, number> = {};
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      Object.assign(counts, await step(context, patience));
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length === 0) return counts;
  throw new Error(`${failures.length} of ${steps.length} sweep steps failed`, {
    cause: failures[0],
  });
}
