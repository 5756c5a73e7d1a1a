import { describe, expect, test } from "@jest/globals";
import { stateModels } from "../../state/stateModels.ts";
import {
  afterCall,
  type Breaker,
  CALLS_FOR_A_SHARE,
  type CallVerdict,
  NEW_BREAKER,
  REMEMBERED_CALLS,
} from "./breaker.ts";

const FAILURES_IN_A_ROW = stateModels.sourceBreaker.attempts;
const NOW = new Date("2024-05-15T12:00:00Z");

function breakerAfter(verdicts: readonly CallVerdict[], breaker: Breaker = NEW_BREAKER): Breaker {
  return verdicts.reduce((before, verdict) => afterCall(before, { callId: "1", verdict }, NOW), breaker);
}

function times(count: number, ...verdicts: CallVerdict[]): CallVerdict[] {
  return Array.from({ length: count }, () => verdicts).flat();
}

const down = breakerAfter(times(FAILURES_IN_A_ROW, "SOURCE_FAULT"));
const probing = (pauseSeconds: number): Breaker => {
  if (down.state === "CLOSED") throw new Error("The breaker has not opened");
  return { ...down, state: "PROBING", pauseSeconds, probeCallId: "1" };
};

describe("it opens", () => {
  test("after failures in a row, and says when it probes", () => {
    expect(breakerAfter(times(FAILURES_IN_A_ROW - 1, "SOURCE_FAULT"))).toMatchObject({ state: "CLOSED" });
    expect(down).toMatchObject({
      state: "OPEN",
      downSince: NOW,
      pauseSeconds: 300,
      nextProbeAt: new Date("2024-05-15T12:05:00Z"),
    });
  });

  test("a success begins the row anew, what says nothing does not", () => {
    const almost = times(FAILURES_IN_A_ROW - 1, "SOURCE_FAULT");
    expect(breakerAfter([...almost, "SUCCESS", ...almost]).state).toBe("CLOSED");
    expect(breakerAfter([...almost, "NOTHING", "SOURCE_FAULT"]).state).toBe("OPEN");
  });

  test("when half of enough calls have failed, however they alternate", () => {
    const verdicts = times(CALLS_FOR_A_SHARE / 2, "SUCCESS", "SOURCE_FAULT");
    expect(breakerAfter(verdicts.slice(0, -1)).state).toBe("CLOSED");
    expect(breakerAfter(verdicts).state).toBe("OPEN");
  });

  test("not below half, and not for failures of long ago", () => {
    expect(breakerAfter(times(100, "SUCCESS", "SUCCESS", "SOURCE_FAULT")).state).toBe("CLOSED");
    const long = breakerAfter([
      ...times(9, "SOURCE_FAULT", "SUCCESS"),
      ...times(REMEMBERED_CALLS, "SUCCESS"),
    ]);
    expect(long.recentFailures).toEqual(Array.from({ length: REMEMBERED_CALLS }, () => false));
  });

  const failing = (verdict: CallVerdict, errorType: string, times = 1) =>
    Array.from({ length: times }, () => ({ callId: "1", verdict, errorType }));
  test.each([
    ["companies that never worked fail alone", failing("SUSPECT", "HttpStatus500", 40), "CLOSED"],
    [
      "and then one that worked, in the same way",
      [...failing("SUSPECT", "HttpStatus500", 4), ...failing("SOURCE_FAULT", "HttpStatus500")],
      "OPEN",
    ],
    [
      "before them",
      [...failing("SOURCE_FAULT", "HttpStatus500"), ...failing("SUSPECT", "HttpStatus500", 4)],
      "OPEN",
    ],
    [
      "in another way",
      [...failing("SUSPECT", "HttpStatus500", 10), ...failing("SOURCE_FAULT", "Timeout")],
      "CLOSED",
    ],
    [
      "one that worked fails alone",
      failing("SOURCE_FAULT", "HttpStatus500", FAILURES_IN_A_ROW - 1),
      "CLOSED",
    ],
  ])("%s", (_which, ended, state) => {
    const after = ended.reduce<Breaker>((before, call) => afterCall(before, call, NOW), NEW_BREAKER);
    expect(after.state).toBe(state);
  });

  test("never for what only companies are to blame for", () => {
    expect(breakerAfter(times(1000, "NOTHING"))).toEqual(NEW_BREAKER);
  });
});

test("calls that were in flight when it opened move nothing", () => {
  expect(breakerAfter(["SUCCESS", "SOURCE_FAULT"], down)).toMatchObject({ state: "OPEN", pauseSeconds: 300 });
  expect(afterCall(probing(300), { callId: "2", verdict: "SUCCESS" }, NOW).state).toBe("PROBING");
});

describe("a probe", () => {
  test("that succeeds closes it, and all is forgotten", () => {
    expect(breakerAfter(["SUCCESS"], probing(600))).toEqual(NEW_BREAKER);
  });

  test.each([
    [300, 600],
    [1200, 2400],
    [2400, 3600],
    [3600, 3600],
  ])("that fails after a pause of %d s is followed by one of %d s", (pause, next) => {
    expect(breakerAfter(["SOURCE_FAULT"], probing(pause))).toMatchObject({
      state: "OPEN",
      pauseSeconds: next,
      nextProbeAt: new Date(NOW.getTime() + next * 1000),
      downSince: NOW,
    });
  });

  test("that says nothing is followed by the next at once", () => {
    expect(breakerAfter(["NOTHING"], probing(600))).toMatchObject({
      state: "OPEN",
      pauseSeconds: 600,
      nextProbeAt: NOW,
    });
  });
});
