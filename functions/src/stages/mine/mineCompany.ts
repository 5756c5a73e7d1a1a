import { companyDomain } from "../../domain/company/companyKey.ts";
import { type BegunCall, beginCall, type RefusedCall } from "../../domain/miningCall/beginCall.ts";
import { finishCalls } from "../../domain/miningCall/finishCalls.ts";
import {
  type CallResult,
  callQueue,
  type MineCompanyPayload,
  mineCompanyTask,
  NOTHING_DONE,
} from "../../domain/miningCall/miningCall.ts";
import { releaseCalls } from "../../domain/miningCall/releaseCalls.ts";
import { MAX_WAIT_SECONDS, makeCallWait, retryCall } from "../../domain/miningCall/retryCall.ts";
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
  /** Asks a source's module what it delivers, and keeps its map. */
  readonly shakeHands: (source: ModuleSource, module: MiningModule) => Promise<unknown>;
  /** How many raw documents a task has filed about a company, or about all. */
  readonly countFiled: (
    sourceName: string,
    about: { taskId: number; companyId: number | null },
  ) => Promise<number>;
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
  if (begun?.refused?.next === "EARLY") {
    throw new CallWillBeRetried(
      begun.refused.lastFailure?.errorText ?? "The module asked to be called later",
    );
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
  // The module asked to be called later: the call's next task comes then, and its place stays taken until then.
  if (result === undefined) return;
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
): Promise<CallResult | undefined> {
  const { companyId } = payload;
  try {
    await callModule(context, payload, call);
    return { companyId, state: "SUCCEEDED" };
  } catch (error) {
    const { retryable, retryAfterSeconds, isSourceFault, isCertain, ...reason } = failureOf(error);
    const failure = { companyId, ...reason };
    if (
      retryAfterSeconds !== undefined &&
      (await waits(context, payload, call, failure, retryAfterSeconds))
    ) {
      return undefined;
    }
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
    return { ...failure, state: "FAILED", isSourceFault, isCertain };
  }
}

/** @returns whether the call was put back until its module wants to be called again */
async function waits(
  { db, enqueue, clock, alone = false }: MineCompanyContext,
  payload: MineCompanyPayload,
  { callId, runSeconds }: BegunCall,
  failure: { errorType: string; errorText: string },
  askedSeconds: number,
): Promise<boolean> {
  const now = clock();
  const scheduleDelaySeconds = Math.min(Math.max(askedSeconds, 1), MAX_WAIT_SECONDS);
  const until = new Date(now.getTime() + scheduleDelaySeconds * 1000);
  if (!(await makeCallWait(db, { ...failure, taskId: payload.taskId, callId, now, until }))) return false;
  logEvent("call_waits", { errorType: failure.errorType, seconds: scheduleDelaySeconds });
  const task = mineCompanyTask(payload, runSeconds);
  const id = `${task.id}-until-${until.getTime()}`;
  await enqueue(callQueue({ alone }), [{ ...task, id, scheduleDelaySeconds }]);
  return true;
}

/** What an error says of its call. One that is no ModuleError is our own: it may pass, and is reported. */
function failureOf(error: unknown) {
  if (error instanceof ModuleError) {
    const { type, message, retryable, retryAfterSeconds, blames, isCertain } = error;
    return {
      errorType: type,
      errorText: message,
      retryable,
      retryAfterSeconds,
      isSourceFault: blames === "source",
      isCertain,
    };
  }
  logError("A mining call failed unexpectedly", error);
  return {
    errorType: "InternalError",
    errorText: errorText(error),
    retryable: true,
    retryAfterSeconds: undefined,
    isSourceFault: false,
    isCertain: false,
  };
}

async function callModule(
  { db, moduleFor, clock, countFiled, shakeHands }: MineCompanyContext,
  { taskId, attempt, companyId }: MineCompanyPayload,
  call: BegunCall,
): Promise<void> {
  const seconds = callSeconds(call.runSeconds);
  const signal = AbortSignal.timeout(seconds.module * 1000);
  const module = moduleFor(call.source);
  // Without a map nothing of what it would feed could be read.
  if (!call.hasMap) await shakeHands(call.source, module);
  const company = companyId === null ? undefined : linkedCompany(call, companyId);
  const identifiers = company ? await identifiersOf(db, module, call, company, clock()) : {};
  const answer = await module.mine({
    taskId,
    attempt,
    company,
    identifiers,
    signal,
    now: clock(),
    tokenLifeSeconds: seconds.token,
  });
  if (answer === undefined || (await hasEnded(db, call.callId))) return;
  if ((await countFiled(call.source.name, { taskId, companyId })) > 0) return;
  throw new ModuleError(
    NOTHING_DONE,
    `The module answered ${answer}, fed nothing and did not report that it is done`,
    { retryable: true, isCertain: false },
  );
}

const HAS_ENDED = "select from pipeline.mining_call where id = $1 and state <> 'RUNNING'";

/** Whether the module has reported the end of a call before it answered. */
async function hasEnded(db: TransactionalDatabase, callId: string): Promise<boolean> {
  const { rowCount } = await db.query(HAS_ENDED, [callId]);
  return rowCount === 1;
}

function linkedCompany(call: BegunCall, id: number) {
  if (call.linkId === null || call.companyName === null) {
    throw new ModuleError("NotLinked", `The company is no longer linked to ${call.source.name}`, {
      retryable: false,
      blames: "company",
    });
  }
  return {
    id,
    name: call.companyName,
    domains: call.domains.flatMap((domain) => companyDomain(domain) ?? []),
  };
}
