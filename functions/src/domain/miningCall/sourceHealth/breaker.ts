import { BREAKER_PAUSE_SECONDS, stateModels } from "../../state/stateModels.ts";

// A source also goes down once half of its last calls failed: 20 of them, so that it is not chance, and at most 50, so
// that failures of long ago do not count.
export const CALLS_FOR_A_SHARE = 20;
export const REMEMBERED_CALLS = 50;
const FAILURE_SHARE = 0.5;

/**
 * What the end of a call says about its source; NOTHING if only the company is to blame. A SUSPECT failure is of a
 * company that never worked: it counts once a company that worked before fails in the same way.
 */
export type CallVerdict = "SUCCESS" | "SOURCE_FAULT" | "SUSPECT" | "NOTHING";

/**
 * Keeps a source that is down from being called. CLOSED: its calls are released. OPEN: they wait. PROBING: one of
 * them, the probe, was let through to find out.
 */
export type Breaker = ClosedBreaker | DownBreaker;

interface FailureCounts {
  readonly consecutiveFailures: number;
  /** How the last calls ended, the oldest first: true for a failure of the source. */
  readonly recentFailures: readonly boolean[];
  /** Suspect failures in a row, all of one type, while no other counts. */
  readonly suspectFailures: number;
  /** The type of the last failures in a row. */
  readonly suspectType: string | null;
}

interface ClosedBreaker extends FailureCounts {
  readonly state: "CLOSED";
}

interface DownBreaker extends FailureCounts {
  readonly state: "OPEN" | "PROBING";
  readonly downSince: Date;
  readonly pauseSeconds: number;
  readonly nextProbeAt: Date;
  readonly probeCallId: string | null;
}

export const NEW_BREAKER: ClosedBreaker = {
  state: "CLOSED",
  consecutiveFailures: 0,
  recentFailures: [],
  suspectFailures: 0,
  suspectType: null,
};

interface EndedCall {
  readonly callId: string;
  readonly verdict: CallVerdict;
  readonly errorType?: string | null;
}

/** The breaker after a call has ended. Calls that were in flight when it opened are counted, but do not move it. */
export function afterCall(breaker: Breaker, call: EndedCall, now: Date): Breaker {
  const counted = { ...breaker, ...count(breaker, call) };
  if (counted.state === "CLOSED") return isDown(counted) ? opened(counted, now) : counted;
  if (counted.state === "OPEN" || counted.probeCallId !== call.callId) return counted;
  return afterProbe(counted, call.verdict, now);
}

function count(counts: FailureCounts, { verdict, errorType = null }: EndedCall): FailureCounts {
  const { consecutiveFailures, recentFailures, suspectFailures, suspectType } = counts;
  if (verdict === "NOTHING") return counts;
  if (verdict === "SUCCESS") {
    return { ...NEW_COUNTS, recentFailures: [...recentFailures, false].slice(-REMEMBERED_CALLS) };
  }
  const isSameWay = suspectType === errorType;
  if (verdict === "SOURCE_FAULT") {
    // The suspects were right: all of them count now.
    return {
      consecutiveFailures: consecutiveFailures + 1 + (isSameWay ? suspectFailures : 0),
      recentFailures: [...recentFailures, true].slice(-REMEMBERED_CALLS),
      suspectFailures: 0,
      suspectType: errorType,
    };
  }
  if (consecutiveFailures > 0) {
    return isSameWay ? { ...counts, consecutiveFailures: consecutiveFailures + 1 } : counts;
  }
  return { ...counts, suspectFailures: (isSameWay ? suspectFailures : 0) + 1, suspectType: errorType };
}

const NEW_COUNTS = { consecutiveFailures: 0, suspectFailures: 0, suspectType: null } as const;

function isDown({ consecutiveFailures, recentFailures }: FailureCounts): boolean {
  const failures = recentFailures.filter(Boolean).length;
  return (
    consecutiveFailures >= stateModels.sourceBreaker.attempts ||
    (recentFailures.length >= CALLS_FOR_A_SHARE && failures >= recentFailures.length * FAILURE_SHARE)
  );
}

function opened(breaker: Breaker, now: Date): DownBreaker {
  return {
    ...breaker,
    state: "OPEN",
    downSince: now,
    pauseSeconds: BREAKER_PAUSE_SECONDS.first,
    nextProbeAt: secondsAfter(now, BREAKER_PAUSE_SECONDS.first),
    probeCallId: null,
  };
}

function afterProbe(breaker: DownBreaker, verdict: CallVerdict, now: Date): Breaker {
  if (verdict === "SUCCESS") return NEW_BREAKER;
  // After a probe that says nothing, the next may start at once.
  if (verdict === "NOTHING") return { ...breaker, state: "OPEN", nextProbeAt: now, probeCallId: null };
  // A suspect says as much as a fault here: the companies that worked before are probed first.
  const pauseSeconds = Math.min(2 * breaker.pauseSeconds, BREAKER_PAUSE_SECONDS.max);
  return {
    ...breaker,
    state: "OPEN",
    pauseSeconds,
    nextProbeAt: secondsAfter(now, pauseSeconds),
    probeCallId: null,
  };
}

function secondsAfter(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}
