import { sweepCalls, sweepProbes, sweepTasks } from "../../domain/miningCall/sweepCalls.ts";
import { oldRows } from "../../domain/upkeep/oldRows.ts";
import type { Upkeep } from "../../domain/upkeep/upkeep.ts";
import { removeRuns } from "./removeRuns.ts";

export const upkeep: Upkeep = {
  sweep: [sweepTasks, sweepCalls, sweepProbes],
  retention: [
    { kind: "runs", daysOfSource: "runsDays", remove: removeRuns },
    // A row a day and source with a quota: a few thousand in all.
    oldRows({ table: "pipeline.source_day", age: "day", days: 400 }),
  ],
};
