import { z } from "zod";
import type { ModuleSource } from "../../domain/miningModule/miningModule.ts";
import { ModuleError } from "../../domain/miningModule/moduleError.ts";
import { stateModels } from "../../domain/state/stateModels.ts";
import { errorText, storedReason } from "../../platform/errorText.ts";
import { logWarning } from "../../platform/log.ts";
import { type Database, selectRow } from "../../platform/postgres.ts";
import { RetryLater } from "../../platform/retryLater.ts";
import { sourceById } from "./findSource.ts";
import { ANSWER_SECONDS, INTERNAL_ERROR, type ModuleRequestPayload } from "./moduleRequest.ts";

/** Asks a source's module. @returns what is kept as the result @throws ModuleError */
type Ask = (source: ModuleSource, asked: { askedBy: number | null; now: Date }) => Promise<object>;

interface AskModuleContext {
  readonly db: Database;
  readonly ask: Readonly<Record<ModuleRequestPayload["kind"], Ask>>;
  readonly clock: () => Date;
}

/**
 * One try of a request to a source's module; records how it ended. Delivered again after the end, it does nothing.
 *
 * A failure is final while a caller waits, who is told so at once. Later, one that may pass is tried again.
 *
 * @throws RetryLater where it is to be tried again, or another process is at it
 */
export async function askModule(
  { db, ask, clock }: AskModuleContext,
  payload: ModuleRequestPayload,
): Promise<void> {
  const { sourceId, kind, run } = payload;
  const begun = await begin(db, payload, clock());
  if (begun === undefined) return;
  const end = (outcome: RequestOutcome) =>
    db.query(END, [sourceId, kind, run, begun.attempt, ...valuesOf(outcome), clock()]);
  const isLastTry = begun.attempt >= stateModels.moduleRequest.attempts;
  try {
    const source = await sourceById(db, sourceId);
    if (source === undefined) return;
    const result = await ask[kind](source, { askedBy: begun.askedBy, now: clock() });
    await end({ state: "SUCCEEDED", result });
  } catch (error) {
    if (!(error instanceof ModuleError)) {
      const failure = { errorType: INTERNAL_ERROR, errorText: errorText(error) };
      await end({ state: isLastTry ? "FAILED" : "WAITING", ...failure });
      throw error;
    }
    const { type: errorType, message } = error;
    logWarning("A data source's module failed", { source: sourceId, kind, type: errorType, reason: message });
    const isAwaited = clock().getTime() < begun.requestedAt.getTime() + ANSWER_SECONDS * 1000;
    const mayPass = error.retryable && !isAwaited && !isLastTry;
    await end({ state: mayPass ? "WAITING" : "FAILED", errorType, errorText: storedReason(message) });
    if (mayPass) throw new RetryLater(message, { cause: error });
  }
}

type RequestOutcome =
  | { readonly state: "SUCCEEDED"; readonly result: object }
  | { readonly state: "FAILED" | "WAITING"; readonly errorType: string; readonly errorText: string };

function valuesOf(outcome: RequestOutcome) {
  if (outcome.state === "SUCCEEDED") return [outcome.state, JSON.stringify(outcome.result), null, null];
  return [outcome.state, null, outcome.errorType, outcome.errorText];
}

const begunRow = z.object({ attempt: z.int(), askedBy: z.int().nullable(), requestedAt: z.date() });
const openRow = z.object({ isRunning: z.boolean(), attempt: z.int() });

async function begin(db: Database, { sourceId, kind, run }: ModuleRequestPayload, now: Date) {
  const { attempts, states } = stateModels.moduleRequest;
  const diedBefore = new Date(now.getTime() - states.RUNNING.lastsAtMost * 1000);
  const key = [sourceId, kind, run];
  const begun = await selectRow(db, begunRow, BEGIN, [...key, now, attempts, diedBefore]);
  if (begun !== undefined) return begun;
  const open = await selectRow(db, openRow, READ_OPEN, [...key, diedBefore]);
  if (open?.isRunning) throw new RetryLater("Another process is asking the module");
  if (open === undefined) return undefined;
  const errorText = `Tried ${attempts} times, and it never ended`;
  const values = valuesOf({ state: "FAILED", errorType: "Lost", errorText });
  await db.query(END, [...key, open.attempt, ...values, now]);
  return undefined;
}

// All by module_request_data_source_id_kind_key; the row's lock lets one process begin.
const THIS = `data_source_id = $1 and kind = $2::text::pipeline.module_request_kind and run = $3`;

const BEGIN = `
  update pipeline.module_request
     set state = 'RUNNING', attempt = attempt + 1, started_at = $4
   where ${THIS} and attempt < $5 and (state = 'WAITING' or state = 'RUNNING' and started_at < $6)
  returning attempt, asked_by, requested_at`;

const READ_OPEN = `
  select attempt, state = 'RUNNING' and started_at >= $4 as is_running
    from pipeline.module_request
   where ${THIS} and state in ('WAITING', 'RUNNING')`;

// One that was taken for dead and is only slow changes nothing: its attempt is over.
const END = `
  update pipeline.module_request
     set state = $5::text::pipeline.module_request_state, result = $6, error_type = $7, error_text = $8,
         ended_at = case when $5::text <> 'WAITING' then $9::timestamp end
   where ${THIS} and attempt = $4 and state in ('WAITING', 'RUNNING')`;
