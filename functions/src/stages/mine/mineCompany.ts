import { finishCalls } from "../../domain/miningCall/finishCalls.ts";
import type { CallResult, MineCompanyPayload } from "../../domain/miningCall/miningCall.ts";
import { releaseCalls } from "../../domain/miningCall/releaseCalls.ts";
import type { MiningModule, ModuleSource } from "../../domain/miningModule/miningModule.ts";
import { ModuleError } from "../../domain/miningModule/moduleError.ts";
import { logEvent } from "../../platform/log.ts";
import { addLogIds } from "../../platform/logContext.ts";
import type { TransactionalDatabase } from "../../platform/postgres.ts";
import { RetryLater } from "../../platform/retryLater.ts";
import type { EnqueueTasks } from "../../platform/taskQueue.ts";
import { type BegunCall, beginCall, type RefusedCall } from "./beginCall.ts";
import { identifiersOf } from "./identifiers.ts";
import { retryCall } from "./retryCall.ts";

/** What mining a company needs of the outside. */
export interface MineCompanyContext {
  readonly db: TransactionalDatabase;
  readonly enqueue: EnqueueTasks;
  readonly moduleFor: (source: ModuleSource) => MiningModule;
  readonly clock: () => Date;
}

/** Thrown to have the queue try again, after its back-off. The reason stands in the mining call. */
export class CallWillBeRetried extends RetryLater {
  override readonly name = "CallWillBeRetried";
}

/**
 * One try of one mining call: calls the module, records how it ended, and gives the place to a call that waits.
 * Delivered again after it has ended, it only makes sure of what follows.
 *
 * @throws CallWillBeRetried where the module's failure may pass
 */
export async function mineCompany(context: MineCompanyContext, payload: MineCompanyPayload): Promise<void> {
  const { db, enqueue, clock } = context;
  const { taskId, attempt } = payload;

  const begun = await beginCall(db, payload, clock());
  if (begun?.call === undefined) {
    const results = begun === undefined ? [] : endWithoutTry(payload, begun.refused, clock());
    await finishCalls(db, { taskId, attempt, results, now: clock() });
    await enqueue("mineCompany", await releaseCalls(db, { taskId, attempt, again: true, now: clock() }));
    return;
  }
  const { call } = begun;

  addLogIds({ call: call.callId, source: call.source.id });
  const result = await outcomeOf(context, payload, call);
  await finishCalls(db, { taskId, attempt, results: [result], now: clock() });
  await enqueue("mineCompany", await releaseCalls(db, { taskId, attempt, again: false, now: clock() }));
}

/** How a call ends that the day's quota leaves no try for: skipped, or with the failure that it was to be tried again for. */
function endWithoutTry(
  { companyId }: MineCompanyPayload,
  { isRunning, lastFailure, callsPerDay }: RefusedCall,
  now: Date,
): CallResult[] {
  if (isRunning) return [];
  const reason = `The source's ${callsPerDay} calls of ${now.toISOString().slice(0, 10)} are used up`;
  if (lastFailure === undefined) {
    return [{ companyId, state: "SKIPPED", errorType: "QuotaUsedUp", errorText: reason }];
  }
  const { errorType, errorText } = lastFailure;
  return [{ companyId, state: "FAILED", errorType, errorText: `${errorText} (not tried again: ${reason})` }];
}

/** How often a module is tried for one company in one attempt of the task. */
export const TRIES_PER_CALL = 4;

async function outcomeOf(
  context: MineCompanyContext,
  payload: MineCompanyPayload,
  call: BegunCall,
): Promise<CallResult> {
  const { companyId } = payload;
  try {
    await callModule(context, payload, call);
    return { companyId, state: "SUCCEEDED" };
  } catch (error) {
    if (!(error instanceof ModuleError)) throw error;
    const failure = { companyId, errorType: error.type, errorText: error.message };
    if (error.retryable && call.callAttempt < TRIES_PER_CALL) {
      const now = context.clock();
      const willRun = await retryCall(context.db, payload, { callId: call.callId, ...failure, now });
      if (willRun) logEvent("call_retried", { errorType: error.type, attempt: call.callAttempt });
      if (willRun) throw new CallWillBeRetried(error.message, { cause: error });
    }
    return { ...failure, state: "FAILED", isSourceFault: error.blames === "source" };
  }
}

// Between the call's end and the moment when the tick takes the task for silent.
const MARGIN_SECONDS = 5;
// The clocks of two machines, and what a module does after our patience has ended.
const TOKEN_MARGIN_SECONDS = 60;

async function callModule(
  { db, moduleFor, clock }: MineCompanyContext,
  { taskId, attempt, companyId }: MineCompanyPayload,
  call: BegunCall,
): Promise<void> {
  const seconds = Math.max(1, call.maxRunSeconds - MARGIN_SECONDS);
  const signal = AbortSignal.timeout(seconds * 1000);
  const module = moduleFor(call.source);
  const company = companyId === null ? undefined : linkedCompany(call, companyId);
  const identifiers = company ? await identifiersOf(db, module, call, company, clock()) : {};
  await module.mine({
    taskId,
    attempt,
    company,
    identifiers,
    signal,
    now: clock(),
    tokenLifeSeconds: call.maxRunSeconds + TOKEN_MARGIN_SECONDS,
  });
}

function linkedCompany(call: BegunCall, id: number) {
  if (call.linkId === null || call.companyName === null) {
    throw new ModuleError("NotLinked", `The company is no longer linked to ${call.source.name}`, {
      retryable: false,
      blames: "company",
    });
  }
  return { id, name: call.companyName };
}
