import { type BegunCall, beginCall, type RefusedCall } from "../../domain/miningCall/beginCall.ts";
import { finishCalls } from "../../domain/miningCall/finishCalls.ts";
import {
  type CallResult,
  callQueue,
  type MineCompanyPayload,
  mineCompanyTask,
} from "../../domain/miningCall/miningCall.ts";
import { releaseCalls } from "../../domain/miningCall/releaseCalls.ts";
import { retryCall } from "../../domain/miningCall/retryCall.ts";
import type { MiningModule, ModuleSource } from "../../domain/miningModule/miningModule.ts";
import { ModuleError } from "../../domain/miningModule/moduleError.ts";
import { callSeconds, stateModels } from "../../domain/state/stateModels.ts";
import { errorText } from "../../platform/errorText.ts";
import { logError, logEvent } from "../../platform/log.ts";
import { addLogIds } from "../../platform/logContext.ts";
import type { TransactionalDatabase } from "../../platform/postgres.ts";
import { RetryLater } from "../../platform/retryLater.ts";
import type { EnqueueTasks, Task } from "../../platform/taskQueue.ts";
import { identifiersOf } from "./identifiers.ts";

/** What mining a company needs of the outside. */
export interface MineCompanyContext {
  readonly db: TransactionalDatabase;
  readonly enqueue: EnqueueTasks;
  readonly moduleFor: (source: ModuleSource) => MiningModule;
  readonly clock: () => Date;
  /** Whether this process makes no other call meanwhile. */
  readonly alone?: boolean;
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

  const begun = await beginCall(db, payload, { now: clock(), alone: context.alone ?? false });
  if (begun?.refused?.next === "ALONE") {
    await enqueue(callQueue({ alone: true }), [aloneTask(payload, begun.refused)]);
    return;
  }
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

/** The task that tries a call alone. Its id carries the tries, because a queue remembers the ids it has seen. */
function aloneTask(payload: MineCompanyPayload, { tries, runSeconds }: RefusedCall): Task {
  const task = mineCompanyTask(payload, runSeconds);
  return { ...task, id: `${task.id}-alone-${tries}` };
}

/** How a call ends that has no try left: skipped, or with the failure that it was to be tried again for. */
function endWithoutTry(
  { companyId }: MineCompanyPayload,
  { next, isRunning, lastFailure, callsPerDay, tries }: RefusedCall,
  now: Date,
): CallResult[] {
  if (next === "TRIED_UP") {
    const { errorType, errorText } = lastFailure ?? { errorType: "Lost", errorText: "It never ended" };
    return [{ companyId, state: "FAILED", errorType, errorText: `${errorText} (tried ${tries} times)` }];
  }
  if (isRunning) return [];
  const reason = `The source's ${callsPerDay} calls of ${now.toISOString().slice(0, 10)} are used up`;
  if (lastFailure === undefined) {
    return [{ companyId, state: "SKIPPED", errorType: "QuotaUsedUp", errorText: reason }];
  }
  const { errorType, errorText } = lastFailure;
  return [{ companyId, state: "FAILED", errorType, errorText: `${errorText} (not tried again: ${reason})` }];
}

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
    const { retryable, isSourceFault, ...reason } = failureOf(error);
    const failure = { companyId, ...reason };
    if (retryable && call.callAttempt < stateModels.miningCall.attempts) {
      const now = context.clock();
      const willRun = await retryCall(context.db, {
        taskId: payload.taskId,
        callId: call.callId,
        ...failure,
        now,
      });
      if (willRun) logEvent("call_retried", { errorType: failure.errorType, attempt: call.callAttempt });
      if (willRun) throw new CallWillBeRetried(failure.errorText, { cause: error });
    }
    return { ...failure, state: "FAILED", isSourceFault };
  }
}

/** What an error says of its call. One that is no ModuleError is our own: it may pass, and is reported. */
function failureOf(error: unknown) {
  if (error instanceof ModuleError) {
    const { type, message, retryable, blames } = error;
    return { errorType: type, errorText: message, retryable, isSourceFault: blames === "source" };
  }
  logError("A mining call failed unexpectedly", error);
  return { errorType: "InternalError", errorText: errorText(error), retryable: true, isSourceFault: false };
}

async function callModule(
  { db, moduleFor, clock }: MineCompanyContext,
  { taskId, attempt, companyId }: MineCompanyPayload,
  call: BegunCall,
): Promise<void> {
  const seconds = callSeconds(call.runSeconds);
  const signal = AbortSignal.timeout(seconds.module * 1000);
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
    tokenLifeSeconds: seconds.token,
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
