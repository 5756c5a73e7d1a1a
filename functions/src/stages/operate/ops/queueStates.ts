import { z } from "zod";
import { REGION } from "../../../platform/config.ts";

/** A queue of Cloud Tasks. */
export interface QueueState {
  readonly queue: string;
  readonly state: string;
  readonly tasks: number;
  /** When the oldest of them was to be dispatched; null where none waits. */
  readonly oldest: Date | null;
  readonly executedLastMinute: number;
}

const count = z.coerce.number().catch(0);

const queue = z.object({
  name: z.string(),
  state: z.string().catch("STATE_UNSPECIFIED"),
  stats: z
    .object({
      tasksCount: count,
      executedLastMinuteCount: count,
      oldestEstimatedArrivalTime: z.object({ seconds: z.coerce.number() }).nullish(),
    })
    .nullish(),
});

/** A queue, from the API's answer. */
export function queueState(answer: unknown): QueueState {
  const { name, state, stats } = queue.parse(answer);
  const oldest = stats?.oldestEstimatedArrivalTime;
  return {
    queue: name.slice(name.lastIndexOf("/") + 1),
    state,
    tasks: stats?.tasksCount ?? 0,
    oldest: oldest == null ? null : new Date(oldest.seconds * 1000),
    executedLastMinute: stats?.executedLastMinuteCount ?? 0,
  };
}

/** All queues of a project, with how much waits in them. Only this version of the API tells that. */
export async function queueStates(projectId: string): Promise<QueueState[]> {
  const { v2beta3 } = await import("@google-cloud/tasks");
  const client = new v2beta3.CloudTasksClient();
  try {
    const [queues] = await client.listQueues({
      parent: client.locationPath(projectId, REGION),
      readMask: { paths: ["name", "state", "stats"] },
    });
    return queues.map(queueState);
  } finally {
    await client.close();
  }
}
