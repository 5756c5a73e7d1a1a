import { runErasure } from "./erase.ts";
import type { EraseContext } from "./eraseContext.ts";
import { eraseTask } from "./eraseTask.ts";

/** Goes on with an erasure until it is done or the signal tells to stop; then another task goes on. */
export async function eraseOnwards(context: EraseContext, erasureId: number): Promise<void> {
  try {
    await runErasure(context, erasureId);
  } catch (error) {
    if (context.signal?.aborted !== true) throw error;
    await context.enqueue("erase", [eraseTask(erasureId, context.clock())]);
  }
}
