import { logEvent } from "../../../platform/log.ts";
import type { TransactionalDatabase } from "../../../platform/postgres.ts";
import type { EnqueueTasks } from "../../../platform/taskQueue.ts";
import { eraseChannels } from "./eraseChannels.ts";
import { eraseSummaries, stopMining } from "./eraseMining.ts";
import { eraseOutside } from "./eraseOutside.ts";
import { eraseReportPages } from "./eraseReportPages.ts";
import { eraseRow } from "./eraseRows.ts";
import { type EraseContext, eraseTask, openErasure, type Receipt, readReceiptById } from "./erasure.ts";

/** What is erased, by whom and when. */
interface EraseInput {
  readonly id: number;
  /** Who asks: an operator's Firebase id, a service account, a name. */
  readonly by: string;
  readonly now: Date;
}

/**
 * Erases a company with all its data. A repeated request continues where it stopped, or returns the receipt.
 *
 * @throws ApiError 404 if there is none
 */
export async function eraseCompany(context: EraseContext, { id, by, now }: EraseInput): Promise<Receipt> {
  const { id: erasureId } = await openErasure(context.db, { kind: "COMPANY", subjectId: id, by, now });
  return runErasure(context, erasureId);
}

/**
 * Erases a user with all their data. A repeated request continues where it stopped, or returns the receipt.
 *
 * @throws ApiError 404 if there is none
 */
export async function eraseUser(context: EraseContext, { id, by, now }: EraseInput): Promise<Receipt> {
  const { id: erasureId } = await openErasure(context.db, { kind: "USER", subjectId: id, by, now });
  return runErasure(context, erasureId);
}

/**
 * Marks a company or a user, and leaves the work to the function `erase`.
 *
 * @returns the receipt so far, without the part left to others, which names people: this one is recorded
 * @throws ApiError 404 if there is none
 */
export async function eraseLater(
  { db, enqueue }: { readonly db: TransactionalDatabase; readonly enqueue: EnqueueTasks },
  { kind, id, by, now }: EraseInput & Pick<Receipt, "kind">,
): Promise<Omit<Receipt, "leftToOthers">> {
  const { leftToOthers: _people, ...receipt } = await openErasure(db, { kind, subjectId: id, by, now });
  // Named by the time, so that a repeated request helps if the earlier task is gone.
  if (receipt.finishedAt === null) await enqueue("erase", [eraseTask(receipt.id, now)]);
  return receipt;
}

/**
 * Does the rest of an erasure. The mark is set; then new work is stopped, data outside Postgres is removed while the rows
 * exist, then the rows, and then what came outside in between. Each step may be repeated and interrupted anywhere.
 *
 * @throws the signal's reason when it is told to stop
 */
async function runErasure(context: EraseContext, erasureId: number): Promise<Receipt> {
  const { db, clock } = context;
  const receipt = await readReceiptById(db, erasureId);
  if (receipt === undefined) throw new Error(`There is no erasure ${erasureId}`);
  if (receipt.finishedAt !== null) return receipt;
  if (receipt.kind === "COMPANY") await eraseCompanyData(context, receipt);
  else await eraseUserData(context, receipt);
  await eraseOutside(context, receipt);
  await db.query(FINISH, [erasureId, clock()]);
  const finished = (await readReceiptById(db, erasureId)) ?? receipt;
  logEvent("erased", { kind: finished.kind, subject: finished.subjectId, ...finished.counts });
  return finished;
}

const FINISH = "update pipeline.erasure set finished_at = $2 where id = $1 and finished_at is null";

async function eraseCompanyData(context: EraseContext, receipt: Receipt): Promise<void> {
  await stopMining(context, receipt);
  await eraseOutside(context, receipt);
  await eraseReportPages(context, receipt);
  await eraseSummaries(context, receipt);
  const { id: erasureId, subjectId: id } = receipt;
  await eraseRow(context, { erasureId, root: "public.company", table: "company", id });
}

async function eraseUserData(context: EraseContext, receipt: Receipt): Promise<void> {
  await eraseOutside(context, receipt);
  await eraseChannels(context, receipt);
  const { id: erasureId, subjectId: id } = receipt;
  await eraseRow(context, { erasureId, root: 'public."user"', table: "user", id });
}

/** Goes on with an erasure until it is done or the signal tells to stop; then another task goes on. */
export async function continueErasure(context: EraseContext, erasureId: number): Promise<void> {
  try {
    await runErasure(context, erasureId);
  } catch (error) {
    if (context.signal?.aborted !== true) throw error;
    await context.enqueue("erase", [eraseTask(erasureId, context.clock())]);
  }
}
