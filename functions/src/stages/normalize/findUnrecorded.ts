import type { Firestore } from "firebase-admin/firestore";
import { z } from "zod";
import { rawDocumentCollection } from "../../domain/rawDocument/collections.ts";
import { documentIdAt } from "../../domain/rawDocument/directDocument.ts";
import { normalizeAgainTask } from "../../domain/rawDocument/normalizeAgainTask.ts";
import { overdueBefore, type Patience, type SweepContext } from "../../domain/upkeep/upkeep.ts";
import { type Database, selectRow, selectRows } from "../../platform/postgres.ts";

// Firestore bills each document that is looked at, some 86,000 a day with this number.
const DOCUMENTS_A_RUN = 300;
// Its own event comes within seconds.
const AGE_SECONDS = 600;

const walkRow = z.object({ dataSourceId: z.int(), name: z.string(), lastDocument: z.string() });

// There are as many rows as sources. Each run goes on with the source that was looked at longest ago.
const NEXT_WALK = `
  select source.id as data_source_id, source.source_name as name, coalesce(walk.last_document, '') as last_document
    from data_source source
    left join pipeline.document_walk walk on walk.data_source_id = source.id
   order by walk.walked_at nulls first, source.id
   limit 1`;

const ADVANCE = `
  insert into pipeline.document_walk as walk (data_source_id, last_document, walked_at, round_ended_at)
  select id, $2, $3, case when $2 = '' then $3::timestamp(3) end from data_source where id = $1
  on conflict (data_source_id) do update
     set last_document = excluded.last_document, walked_at = excluded.walked_at,
         round_ended_at = coalesce(excluded.round_ended_at, walk.round_ended_at)`;

const missingRow = z.object({ id: z.string() });

const MISSING = `
  select wanted.id
    from unnest($1::text[]) as wanted (id)
   where not exists (select from pipeline.raw_document document where document.id = wanted.id)`;

/**
 * Finds raw documents that a module wrote into Firestore itself and whose event got lost: nothing but Firestore knows of
 * them. Walks through the documents of one source after another by their ids, some at a time, and begins anew at the end.
 */
export async function findUnrecorded(
  { db, enqueue }: SweepContext,
  patience: Patience,
  load: () => Promise<Firestore> = loadFirestore,
): Promise<{ documentsFound: number }> {
  const walk = await selectRow(db, walkRow, NEXT_WALK);
  if (walk === undefined) return { documentsFound: 0 };
  const firestore = await load();
  const collection = rawDocumentCollection(walk.name);
  // Names only: the documents themselves may be large.
  const query = firestore.collection(collection).orderBy("__name__").select().limit(DOCUMENTS_A_RUN);
  const { docs } = await (walk.lastDocument === "" ? query : query.startAfter(walk.lastDocument)).get();

  const before = overdueBefore(patience, AGE_SECONDS).getTime();
  const old = docs.filter(({ createTime }) => createTime.toMillis() < before);
  const missing = await missingOf(db, new Map(old.map(({ ref }) => [documentIdAt(ref.path), ref.path])));
  const round = patience.now.getTime();
  await enqueue(
    "normalizeAgain",
    missing.map((document) => normalizeAgainTask(document, round)),
  );
  const last = docs.length < DOCUMENTS_A_RUN ? "" : (docs.at(-1)?.id ?? "");
  await db.query(ADVANCE, [walk.dataSourceId, last, patience.now]);
  return { documentsFound: missing.length };
}

async function missingOf(
  db: Database,
  paths: ReadonlyMap<string, string>,
): Promise<{ id: string; path: string }[]> {
  const rows = await selectRows(db, missingRow, MISSING, [[...paths.keys()]]);
  return rows.map(({ id }) => ({ id, path: paths.get(id) ?? "" }));
}

async function loadFirestore(): Promise<Firestore> {
  const { firestore } = await import("../../platform/firebase.ts");
  return firestore();
}
