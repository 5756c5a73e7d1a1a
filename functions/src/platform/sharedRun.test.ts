import { expect, test } from "@jest/globals";
import { sharedRun } from "./sharedRun.ts";

/** Runs that the test ends one by one. */
function controlledRuns() {
  const runs: PromiseWithResolvers<number>[] = [];
  const call = sharedRun(() => {
    const run = Promise.withResolvers<number>();
    runs.push(run);
    return run.promise;
  });
  return { runs, call };
}

test("who calls during a run shares the next one", async () => {
  const { runs, call } = controlledRuns();
  const first = call();
  const others = [call(), call(), call()];
  expect(runs).toHaveLength(1);
  runs[0]?.resolve(1);
  await expect(first).resolves.toBe(1);
  await new Promise(setImmediate);
  expect(runs).toHaveLength(2);
  runs[1]?.resolve(2);
  await expect(Promise.all(others)).resolves.toEqual([2, 2, 2]);
});

test("after a run has ended, the next call starts one at once", async () => {
  const { runs, call } = controlledRuns();
  for (const number of [1, 2, 3]) {
    const result = call();
    expect(runs).toHaveLength(number);
    runs[number - 1]?.resolve(number);
    await expect(result).resolves.toBe(number);
    await new Promise(setImmediate);
  }
});

test("a run that fails is told to those who share it, and the next one runs", async () => {
  const { runs, call } = controlledRuns();
  const first = call();
  const second = call();
  runs[0]?.reject(new Error("away"));
  await expect(first).rejects.toThrow("away");
  await new Promise(setImmediate);
  runs[1]?.resolve(2);
  await expect(second).resolves.toBe(2);
});
