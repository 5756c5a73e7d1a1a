import pMap from "p-map";
import { z } from "zod";
import { SOURCES_COLLECTION } from "../../../domain/rawDocument/collections.ts";
import { BATCH_COLLECTION, companyFolder } from "../../../domain/rawDocument/removeRawDocuments.ts";
import { selectRow } from "../../../platform/postgres.ts";
import type { EraseContext, Receipt } from "./erasure.ts";

const stores = z.enum(["firestore raw_data", "firestore batch", "blob store"]);

type Store = z.output<typeof stores>;

// As many as one commit of Firestore takes easily; blobs go one by one.
const MAX_A_PAGE = 200;
const REMOVALS_AT_A_TIME = 10;

type OutsideContext = Pick<EraseContext, "db" | "firestore" | "blobStore" | "signal" | "onBatch">;

/** Removes a company's or user's data in Firestore and the blob store. A second run removes what has come since. */
export async function eraseOutside(context: OutsideContext, receipt: Receipt): Promise<void> {
  const { id, kind, subjectId } = receipt;
  if (kind === "USER") {
    await inPages(context, id, "blob store", () => blobsBelow(context, `reports/users/${subjectId}`));
    return;
  }
  // Every source that a document was ever filed under, including deleted and renamed ones.
  for (const source of await context.firestore.collection(SOURCES_COLLECTION).listDocuments()) {
    const documents = source.collection("raw_data").where("company_id", "==", String(subjectId));
    await inPages(context, id, "firestore raw_data", () => pathsOf(documents));
  }
  const batches = context.firestore.collection(BATCH_COLLECTION).where("company_id", "==", subjectId);
  await inPages(context, id, "firestore batch", () => pathsOf(batches));
  await inPages(context, id, "blob store", () => blobsBelow(context, companyFolder(subjectId)));
}

async function pathsOf(query: FirebaseFirestore.Query): Promise<string[]> {
  const { docs } = await query.select().limit(MAX_A_PAGE).get();
  return docs.map(({ ref }) => ref.path);
}

async function blobsBelow({ blobStore }: OutsideContext, folder: string): Promise<string[]> {
  return (await blobStore.list(folder, MAX_A_PAGE)).map(({ name }) => name);
}

/**
 * Removes what `list` lists, until that is nothing. A page is noted before it is removed, and counted when it is gone:
 * of processes that die, and of several at once, each thing is counted once.
 */
export async function inPages(
  context: OutsideContext,
  erasureId: number,
  store: Store,
  list: () => Promise<string[]>,
): Promise<void> {
  for (;;) {
    context.signal?.throwIfAborted();
    const page = await settle(context, erasureId);
    const names = await list();
    if (names.length === 0) return;
    await context.db.query(TAKE, [erasureId, page, JSON.stringify({ store, names })]);
    await settle(context, erasureId);
    await context.onBatch?.();
  }
}

// Only after the page that was read before listing: what another process has removed meanwhile may be in the list.
const TAKE = `
  update pipeline.erasure set in_hand = $3 where id = $1 and pages_done = $2 and in_hand is null`;

const IN_HAND = "select pages_done, in_hand from pipeline.erasure where id = $1";

const inHandRow = z.object({
  pagesDone: z.int(),
  inHand: z.object({ store: stores, names: z.array(z.string()) }).nullable(),
});

const DONE = `
  update pipeline.erasure
     set in_hand = null, pages_done = pages_done + 1,
         counts = counts || jsonb_build_object($3::text, coalesce((counts ->> $3)::int, 0) + $4)
   where id = $1 and pages_done = $2 and in_hand is not null`;

/** Removes and counts the current page. @returns how many pages are done */
async function settle(context: OutsideContext, erasureId: number): Promise<number> {
  const row = await selectRow(context.db, inHandRow, IN_HAND, [erasureId]);
  if (row === undefined) throw new Error(`There is no erasure ${erasureId}`);
  const { pagesDone, inHand } = row;
  if (inHand === null) return pagesDone;
  await remove(context, inHand.store, inHand.names);
  await context.db.query(DONE, [erasureId, pagesDone, inHand.store, inHand.names.length]);
  return pagesDone + 1;
}

async function remove(
  { firestore, blobStore }: OutsideContext,
  store: Store,
  names: readonly string[],
): Promise<void> {
  if (store === "blob store") {
    await pMap(names, (name) => blobStore.remove({ name }), { concurrency: REMOVALS_AT_A_TIME });
    return;
  }
  const batch = firestore.batch();
  for (const path of names) batch.delete(firestore.doc(path));
  await batch.commit();
}
