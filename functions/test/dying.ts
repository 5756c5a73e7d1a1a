import type { TransactionalDatabase } from "../src/platform/postgres.ts";
import type { Outside } from "./mining.ts";

class Crash extends Error {}

/** An outside that works for `steps` steps, then fails at every one, as for a process that has died. */
function dyingOutside({ db, enqueue }: Outside, steps: number): { outside: Outside; died: () => boolean } {
  let left = steps;
  const step = () => {
    left -= 1;
    if (left < 0) throw new Crash();
  };
  const query: TransactionalDatabase["query"] = async (text, values) => {
    step();
    return db.query(text, values);
  };
  return {
    died: () => left < 0,
    outside: {
      db: {
        query,
        transaction: (work) =>
          db.transaction((connection) =>
            work({
              query: async (text, values) => {
                step();
                return connection.query(text, values);
              },
            }),
          ),
      },
      // It may die before a task is durable, or right after.
      enqueue: async (name, tasks) => {
        for (const task of tasks) {
          step();
          await enqueue(name, [task]);
          step();
        }
      },
    },
  };
}

/** Runs `attempt` dying at step 0, 1, 2 … until it survives. Each death is followed by another delivery. */
export async function dyingAtEveryStep(
  real: Outside,
  attempt: (outside: Outside) => Promise<void>,
): Promise<number> {
  for (let steps = 0; ; steps += 1) {
    const { outside, died } = dyingOutside(real, steps);
    try {
      await attempt(outside);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
    if (!died()) return steps;
  }
}
