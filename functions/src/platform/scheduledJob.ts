import { onSchedule, type ScheduleFunction } from "firebase-functions/scheduler";
import { type Declared, declare, type FunctionDeclaration, optionsOf } from "./declaration.ts";
import { logError } from "./log.ts";
import { withLogIds } from "./logContext.ts";
import { LoggedError } from "./loggedError.ts";

/** A function that runs on a schedule, whose times are in UTC. */
export interface JobDeclaration extends FunctionDeclaration {
  /** As cron writes it. */
  readonly schedule: string;
  /** How often Cloud Scheduler retries a failed run. */
  readonly retries: number;
}

/**
 * Declares a function that runs on a schedule, each run of which is recorded.
 *
 * @param work returns what it did, as numbers
 */
export function scheduledJob<const D extends JobDeclaration>(
  declaration: D,
  work: (now: Date) => Promise<object>,
): Declared<ScheduleFunction, D> {
  const { name: job, schedule, retries, timeoutSeconds }: JobDeclaration = declaration;
  const options = { ...optionsOf(declaration), schedule, timeZone: "Etc/UTC", retryCount: retries };
  const run = onSchedule(options, ({ scheduleTime }) =>
    withLogIds({ job }, async () => {
      try {
        const { runJob } = await import("./jobRun.ts");
        const { database } = await import("./postgres.ts");
        const scheduledFor = new Date(scheduleTime);
        const run = { job, trigger: "SCHEDULE" as const, scheduledFor, timeoutSeconds };
        await runJob(await database(), run, () => work(new Date()));
      } catch (error) {
        logError("A scheduled job failed", error);
        throw new LoggedError();
      }
    }),
  );
  return declare(run, declaration);
}
