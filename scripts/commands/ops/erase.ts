import { userInfo } from "node:os";
import type { Receipt } from "../../../functions/src/stages/operate/erase/erasure.ts";
import { UserError } from "../../userError.ts";
import { requireRawDocuments, usePipeline } from "../pipeline.ts";

/** The command's options. */
export interface EraseOptions {
  readonly yes: boolean;
  readonly by?: string;
  readonly later: boolean;
  readonly json: boolean;
}

/** `ops erase company|user`: erases a company or a user with all data, and prints the receipt. */
export async function erase(kind: "company" | "user", id: number, options: EraseOptions): Promise<void> {
  if (!options.yes) {
    throw new UserError(`This erases ${kind} ${id} with all data and cannot be undone. Confirm with --yes.`);
  }
  await usePipeline();
  requireRawDocuments();
  const { ApiError } = await import("../../../functions/src/platform/apiError.ts");
  const input = { id, by: options.by ?? userInfo().username, now: new Date() };
  try {
    print(await erased(kind, input, options), options.json);
  } catch (error) {
    throw error instanceof ApiError ? new UserError(error.message, { cause: error }) : error;
  }
}

async function erased(
  kind: "company" | "user",
  input: { id: number; by: string; now: Date },
  { later }: EraseOptions,
): Promise<Receipt> {
  const { eraseCompany, eraseLater, eraseUser } = await import(
    "../../../functions/src/stages/operate/erase/erase.ts"
  );
  const { removeChannelSecret } = await import(
    "../../../functions/src/stages/operate/erase/eraseChannels.ts"
  );
  const { database } = await import("../../../functions/src/platform/postgres.ts");
  const { firestore } = await import("../../../functions/src/platform/firebase.ts");
  const { blobStore } = await import("../../../functions/src/adapters/blobStore.ts");
  const { enqueueTasks } = await import("../../../functions/src/platform/taskQueue.ts");
  let batches = 0;
  const context = {
    db: await database(),
    firestore: firestore(),
    blobStore: blobStore(),
    enqueue: enqueueTasks,
    removeSecret: removeChannelSecret,
    clock: () => new Date(),
    onBatch: async () => {
      batches += 1;
      if (process.stderr.isTTY) process.stderr.write(`\r${batches} batches`);
    },
  };
  if (later) {
    const begun = await eraseLater(context, { kind: kind === "company" ? "COMPANY" : "USER", ...input });
    return { ...begun, leftToOthers: [] };
  }
  const receipt = await (kind === "company" ? eraseCompany : eraseUser)(context, input);
  if (batches > 0 && process.stderr.isTTY) process.stderr.write("\n");
  return receipt;
}

function print(receipt: Receipt, json: boolean): void {
  if (json) {
    console.log(JSON.stringify(receipt));
    return;
  }
  const { id, kind, subjectId, by, requestedAt, finishedAt, counts, leftToOthers } = receipt;
  const state = finishedAt === null ? "in progress" : `finished ${finishedAt.toISOString()}`;
  console.log(`Erasure ${id}: ${kind.toLowerCase()} ${subjectId}`);
  console.log(`Requested by ${by}, ${requestedAt.toISOString()}; ${state}`);
  for (const [what, count] of Object.entries(counts).toSorted()) console.log(`  ${what}: ${count}`);
  if (leftToOthers.length > 0) console.log("\nNot deleted; others must do it:");
  for (const { where, what } of leftToOthers) console.log(`  ${where}: ${what}`);
}
