import type { Upkeep } from "./domain/upkeep/upkeep.ts";
import { retainJob, sweepJob } from "./stages/operate/jobs.ts";

/** The sweep and retention steps of all stages, in the order in which they run. */
export async function loadUpkeep(): Promise<Upkeep[]> {
  const stages = await Promise.all([
    import("./stages/mine/upkeep.ts"),
    import("./stages/ingest/upkeep.ts"),
    import("./stages/normalize/upkeep.ts"),
    import("./stages/analyze/upkeep.ts"),
    import("./stages/notify/upkeep.ts"),
    import("./stages/report/upkeep.ts"),
    import("./stages/operate/upkeep.ts"),
  ]);
  return stages.map(({ upkeep }) => upkeep);
}

export const sweep = sweepJob(loadUpkeep);
export const retain = retainJob(loadUpkeep);
