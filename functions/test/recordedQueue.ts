import type { EnqueueTasks, Task } from "../src/platform/taskQueue.ts";

/** A queue for tests of logic: keeps what was enqueued, one task an id, until it is taken. */
export function recordedQueue() {
  const waiting = new Map<string, { queue: string; task: Task }>();
  const known = new Set<string>();
  const enqueue: EnqueueTasks = async (queue, tasks) => {
    for (const task of tasks) {
      if (known.has(task.id)) continue;
      known.add(task.id);
      waiting.set(task.id, { queue, task });
    }
  };
  return {
    enqueue,
    /** Removes and returns the oldest task of a queue. */
    take(queue: string): Task | undefined {
      for (const [id, entry] of waiting) {
        if (entry.queue !== queue) continue;
        waiting.delete(id);
        return entry.task;
      }
      return undefined;
    },
    waiting: (queue: string) =>
      [...waiting.values()].filter((entry) => entry.queue === queue).map(({ task }) => task),
  };
}
