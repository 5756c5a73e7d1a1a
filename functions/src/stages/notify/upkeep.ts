import type { Upkeep } from "../../domain/upkeep/upkeep.ts";
import { sweepMessages } from "./sweepMessages.ts";

export const upkeep: Upkeep = { sweep: [sweepMessages] };
