import type { Firestore } from "firebase-admin/firestore";
import { rawDocumentCollection } from "./collections.ts";

/** How many raw documents of a mining task there are, about one company or about all. */
export async function countRawDocuments(
  firestore: Firestore,
  sourceName: string,
  { taskId, companyId }: { taskId: number; companyId: number | null },
): Promise<number> {
  const ofTask = firestore
    .collection(rawDocumentCollection(sourceName))
    .where("mining_trigger", "==", String(taskId));
  const wanted = companyId === null ? ofTask : ofTask.where("company_id", "==", String(companyId));
  return (await wanted.count().get()).data().count;
}
