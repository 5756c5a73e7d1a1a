import type { Firestore } from "firebase-admin/firestore";
import { z } from "zod";
import type { BlobStore } from "../../../domain/rawDocument/blobStore.ts";
import { ApiError } from "../../../platform/apiError.ts";
import { type Database, selectRow, type TransactionalDatabase } from "../../../platform/postgres.ts";
import { type EnqueueTasks, type Task, taskId } from "../../../platform/taskQueue.ts";
import type { RemoveSecret } from "./eraseChannels.ts";

/** What we may not or cannot delete, and where it is stored. */
const leftToOthers = z.object({ where: z.string(), what: z.string() });

export type LeftToOthers = z.output<typeof leftToOthers>;

const receiptRow = z.object({
  id: z.coerce.number(),
  kind: z.enum(["COMPANY", "USER"]),
  /** The id of the company or user. */
  subjectId: z.int(),
  by: z.string(),
  requestedAt: z.date(),
  /** Null while it goes on. */
  finishedAt: z.date().nullable(),
  /** What was deleted, by table and store. */
  counts: z.record(z.string(), z.int()),
  /** Forgotten after 30 days. */
  leftToOthers: z.array(leftToOthers),
});

/** What was erased: ids and numbers, except for the part left to others. */
export type Receipt = z.output<typeof receiptRow>;

/** A company or a user. */
export type Erasable = Pick<Receipt, "kind" | "subjectId">;

const COLUMNS =
  "id, kind::text, subject_id, requested_by as by, requested_at, finished_at, counts, left_to_others";

/** An erasure's receipt, as far as it has come. */
function readReceipt(db: Database, { kind, subjectId }: Erasable): Promise<Receipt | undefined> {
  return selectRow(
    db,
    receiptRow,
    `select ${COLUMNS} from pipeline.erasure where kind = $1 and subject_id = $2`,
    [kind, subjectId],
  );
}

/** {@link readReceipt}. @throws ApiError 404 if its erasure was never requested */
export async function receiptOf(db: Database, subject: Erasable): Promise<Receipt> {
  const receipt = await readReceipt(db, subject);
  if (receipt !== undefined) return receipt;
  throw new ApiError("not_found", "There is no erasure with this id");
}

/** The same by the erasure's own id. */
export function readReceiptById(db: Database, id: number): Promise<Receipt | undefined> {
  return selectRow(db, receiptRow, `select ${COLUMNS} from pipeline.erasure where id = $1`, [id]);
}

const ADD_COUNTS = `
  update pipeline.erasure
     set counts = counts || coalesce(
           (select jsonb_object_agg(key, coalesce((counts ->> key)::bigint, 0) + value::bigint)
              from jsonb_each_text($2::jsonb)
             where value <> '0'),
           '{}')
   where id = $1`;

/** Adds to an erasure's counts: in the transaction of what is counted. */
export async function addCounts(
  connection: Database,
  erasureId: number,
  counts: Readonly<Record<string, number>>,
): Promise<void> {
  await connection.query(ADD_COUNTS, [erasureId, JSON.stringify(counts)]);
}

const LEAVE = `
  update pipeline.erasure set left_to_others = left_to_others || $2::jsonb
   where id = $1 and not left_to_others @> $2::jsonb`;

/** Notes what is left to others, once. */
export async function leaveToOthers(
  connection: Database,
  erasureId: number,
  left: readonly LeftToOthers[],
): Promise<void> {
  if (left.length > 0) await connection.query(LEAVE, [erasureId, JSON.stringify(left)]);
}

/** Who asks for what to be erased, and when. */
export interface ErasureRequest extends Erasable {
  /** Who asks: an operator's Firebase id, a service account, a name. */
  readonly by: string;
  readonly now: Date;
}

const MARK = `
  insert into pipeline.erasure (kind, subject_id, requested_by, requested_at)
  values ($1, $2, $3, $4)
  on conflict (kind, subject_id) do nothing`;

const LOCK = {
  COMPANY: "select id from company where id = $1 for update",
  USER: `select id from "user" where id = $1 for update`,
};

/**
 * Marks a company or a user as being erased, for good: from then on it gets nothing new. Asked for again, it is the
 * same erasure.
 *
 * @throws ApiError 404 if there is none, and none was erased
 */
export function openErasure(db: TransactionalDatabase, request: ErasureRequest): Promise<Receipt> {
  const { kind, subjectId, by, now } = request;
  return db.transaction(async (connection) => {
    const { rowCount } = await connection.query(LOCK[kind], [subjectId]);
    const before = await readReceipt(connection, request);
    if (before !== undefined) return before;
    if (rowCount === 0) {
      throw new ApiError("not_found", `There is no ${kind === "COMPANY" ? "company" : "user"} ${subjectId}`);
    }
    await connection.query(MARK, [kind, subjectId, by, now]);
    const receipt = await readReceipt(connection, request);
    if (receipt === undefined) throw new Error("The erasure was not recorded");
    // Now, since their rows will be gone.
    const left = await filesOfWebApplication(connection, request);
    await leaveToOthers(connection, receipt.id, left);
    return { ...receipt, leftToOthers: left };
  });
}

const FILES = {
  COMPANY: "select file_url as file from company_attachment where company_id = $1 order by id",
  USER: `
    select file_url as file from company_attachment where user_id = $1
    union all
    select profile_picture from "user" where id = $1 and profile_picture is not null`,
};

const fileRow = z.object({ file: z.string() });
const userRow = z.object({ authId: z.string() });

async function filesOfWebApplication(
  connection: Database,
  { kind, subjectId }: Erasable,
): Promise<LeftToOthers[]> {
  const { rows } = await connection.query(FILES[kind], [subjectId]);
  const files = fileRow
    .array()
    .parse(rows)
    .map(({ file }) => ({ where: "the web application's storage", what: file }));
  if (kind === "COMPANY") return files;
  const user = await selectRow(connection, userRow, `select auth_id from "user" where id = $1`, [subjectId]);
  return [...files, ...(user === undefined ? [] : [{ where: "Firebase Authentication", what: user.authId }])];
}

/** The payload of an `erase` task. */
export const erasePayload = z.object({ erasureId: z.int().positive() });

/** A task for the queue `erase`: goes on with an erasure. Each has an id of its own, by when it is enqueued. */
export function eraseTask(erasureId: number, now: Date): Task {
  const payload: z.output<typeof erasePayload> = { erasureId };
  return { id: taskId("erase", erasureId, now.getTime()), payload, dispatchDeadlineSeconds: 1800 };
}

/** What erasing takes. */
export interface EraseContext {
  readonly db: TransactionalDatabase;
  readonly firestore: Firestore;
  readonly blobStore: BlobStore;
  readonly enqueue: EnqueueTasks;
  readonly removeSecret: RemoveSecret;
  readonly clock: () => Date;
  /** Looked at between two batches. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each batch. */
  readonly onBatch?: (() => Promise<void>) | undefined;
}
