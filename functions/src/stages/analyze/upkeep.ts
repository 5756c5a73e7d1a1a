import { oldRows } from "../../domain/upkeep/oldRows.ts";
import type { Upkeep } from "../../domain/upkeep/upkeep.ts";
import { sweepComments } from "./language/sweepComments.ts";
import { removeNews } from "./removeNews.ts";

export const upkeep: Upkeep = {
  sweep: [sweepComments],
  retention: [
    { kind: "news", daysOfSource: "newsDays", remove: removeNews },
    oldRows({ table: "pipeline.language_use", age: "day", days: 400 }),
  ],
};
