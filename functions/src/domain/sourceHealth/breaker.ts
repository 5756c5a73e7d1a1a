/** Failures of the source in a row that open its breaker: more than one company's bad luck, less than a page. */
export const FAILURES_IN_A_ROW = 5;
/** Of the last calls so many are remembered, and from so many on their share of failures opens it, too. */
export const REMEMBERED_CALLS = 50;
export const CALLS_FOR_A_SHARE = 20;
const FAILURE_SHARE = 0.5;

/** Until the first probe, and at most. */
export const FIRST_PAUSE_SECONDS = 300;
export const LONGEST_PAUSE_SECONDS = 3600;

/** What the end of a call says of its source; nothing where only the company is to blame. */
export type Outcome = "SUCCESS" | "SOURCE_FAULT" | "NOTHING";

/**
 * Keeps a source that is down from being called. CLOSED: calls are given out. OPEN: they wait. PROBING: one of
 * them, the probe, has been let through to see.
 */
export type Breaker = ClosedBreaker | DownBreaker;

interface Counts {
  readonly consecutiveFailures: number;
  /** How the last calls ended, the oldest first: true for a failure of the source. */
  readonly recentFailures: readonly boolean[];
}

interface ClosedBreaker extends Counts {
  readonly state: "CLOSED";
}

interface DownBreaker extends Counts {
  readonly state: "OPEN" | "PROBING";
  readonly downSince: Date;
  readonly pauseSeconds: number;
  readonly nextProbeAt: Date;
  readonly probeCallId: string | null;
}

export const NEW_BREAKER: ClosedBreaker = { state: "CLOSED", consecutiveFailures: 0, recentFailures: [] };

/** The breaker after a call has ended. Calls that were in flight when it opened are counted and move nothing. */
export function afterCall(
  breaker: Breaker,
  { callId, outcome }: { callId: string; outcome: Outcome },
  now: Date,
): Breaker {
  const counted = { ...breaker, ...count(breaker, outcome) };
  if (counted.state === "CLOSED") return isDown(counted) ? opened(counted, now) : counted;
  if (counted.state === "OPEN" || counted.probeCallId !== callId) return counted;
  return afterProbe(counted, outcome, now);
}

function count({ consecutiveFailures, recentFailures }: Counts, outcome: Outcome): Counts {
  if (outcome === "NOTHING") return { consecutiveFailures, recentFailures };
  const failed = outcome === "SOURCE_FAULT";
  return {
    consecutiveFailures: failed ? consecutiveFailures + 1 : 0,
    recentFailures: [...recentFailures, failed].slice(-REMEMBERED_CALLS),
  };
}

function isDown({ consecutiveFailures, recentFailures }: Counts): boolean {
  const failures = recentFailures.filter(Boolean).length;
  return (
    consecutiveFailures >= FAILURES_IN_A_ROW ||
    (recentFailures.length >= CALLS_FOR_A_SHARE && failures >= recentFailures.length * FAILURE_SHARE)
  );
}

function opened(breaker: Breaker, now: Date): DownBreaker {
  return {
    ...breaker,
    state: "OPEN",
    downSince: now,
    pauseSeconds: FIRST_PAUSE_SECONDS,
    nextProbeAt: secondsAfter(now, FIRST_PAUSE_SECONDS),
    probeCallId: null,
  };
}

function afterProbe(breaker: DownBreaker, outcome: Outcome, now: Date): Breaker {
  if (outcome === "SUCCESS") return NEW_BREAKER;
  // A probe that says nothing is followed by the next at once.
  if (outcome === "NOTHING") return { ...breaker, state: "OPEN", nextProbeAt: now, probeCallId: null };
  const pauseSeconds = Math.min(2 * breaker.pauseSeconds, LONGEST_PAUSE_SECONDS);
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
