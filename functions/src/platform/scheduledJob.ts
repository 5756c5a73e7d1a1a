import { onSchedule, type ScheduleFunction, type ScheduleOptions } from "firebase-functions/scheduler";
import { REGION } from "./config.ts";
import { LoggedError } from "./eventHandler.ts";
import { logError } from "./log.ts";
import { withLogIds } from "./logContext.ts";

/** The options of a scheduled job: it must say how long it may take. Its times are in UTC. */
export type JobOptions = ScheduleOptions & { readonly timeoutSeconds: number };

/**
 * A function that runs on a schedule, each run of which is recorded.
 *
 * @param job the name that it is exported under
 * @param work returns what it did, in numbers
 */
export function scheduledJob(
  job: string,
  options: JobOptions,
  work: (now: Date) => Promise<object>,
): ScheduleFunction {
  return onSchedule({ region: REGION, timeZone: "Etc/UTC", ...options }, ({ scheduleTime }) =>
    withLogIds({ job }, async () => {
      try {
        const { runJob } = await import("./jobRun.ts");
        const { database } = await import("./postgres.ts");
        const run = {
          job,
          trigger: "SCHEDULE" as const,
          scheduledFor: new Date(scheduleTime),
          timeoutSeconds: options.timeoutSeconds,
        };
        await runJob(await database(), run, () => work(new Date()));
      } catch (error) {
        logError("A scheduled job failed", error);
        throw new LoggedError();
      }
    }),
  );
}
