import type { Upkeep } from "../../domain/upkeep/upkeep.ts";
import { removeReports } from "./removeReports.ts";

export const upkeep: Upkeep = {
  retention: [{ kind: "reports", days: "newsDays", remove: removeReports }],
};
