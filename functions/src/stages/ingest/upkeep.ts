import type { Upkeep } from "../../domain/upkeep/upkeep.ts";
import { sweepModuleRequests } from "./moduleRequest.ts";

export const upkeep: Upkeep = { sweep: [sweepModuleRequests] };
