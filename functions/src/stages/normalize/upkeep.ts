import type { Upkeep } from "../../domain/upkeep/upkeep.ts";
import { findUnrecorded } from "./findUnrecorded.ts";
import { removeDocuments } from "./removeDocuments.ts";
import { removeValues } from "./removeValues.ts";
import { sweepDocuments } from "./sweepDocuments.ts";

export const upkeep: Upkeep = {
  sweep: [sweepDocuments, findUnrecorded],
  retention: [
    { kind: "values", daysOfSource: "valuesDays", remove: removeValues },
    { kind: "documents", daysOfSource: "rawDocumentsDays", remove: removeDocuments },
  ],
};
