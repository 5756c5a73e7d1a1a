import { expect, test } from "@jest/globals";
import { CONNECTIONS } from "../wiring.ts";
import { planFaults } from "./planFaults.ts";

const faults = { seed: 7, kills: 50, restarts: 5, disturbances: 3 };

test("the same seed gives the same faults, another one others", () => {
  expect(planFaults(faults)).toEqual(planFaults(faults));
  expect(planFaults(faults)).not.toEqual(planFaults({ ...faults, seed: 8 }));
});

test("as many as wanted, in order, spread over all of the work", () => {
  const plan = planFaults(faults);
  const times = plan.map(({ at }) => at);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  const kills = plan.filter(({ kind }) => kind === "kill").map(({ at }) => at);
  expect(kills).toHaveLength(50);
  // One in each fiftieth of it.
  expect(kills.map((at) => Math.floor((at / 0.9) * 50))).toEqual(Array.from({ length: 50 }, (_, i) => i));
  expect(plan.filter(({ kind }) => kind === "restart")).toHaveLength(5);
  for (const kind of ["cut", "refuse", "stall"]) {
    expect(plan.filter((fault) => fault.kind === kind)).toHaveLength(3 * CONNECTIONS.length);
  }
});
