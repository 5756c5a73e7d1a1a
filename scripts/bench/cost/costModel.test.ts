import { describe, expect, test } from "@jest/globals";
import { type CallCost, type Counted, monthlyCost } from "./costModel.ts";

const CALL: CallCost = { processorSeconds: 0.05, seconds: 0.2, memoryGiB: 1, concurrency: 2 };
const COUNTED: Counted = {
  document: [CALL],
  delivery: CALL,
  tick: CALL,
  reads: 1,
  writes: 2,
  storedBytes: 20_000,
  tasks: 1,
  sqlSeconds: 0.1,
  valueBytes: 400_000,
  series: 255,
  logBytes: 2_000,
};

const dollars = (companies: number, part: string, counted = COUNTED) =>
  monthlyCost(companies, counted).parts.find((one) => one.part === part)?.dollars ?? Number.NaN;

test("operations cost what the price list says", () => {
  // 90 documents a company: 9 million reads and 18 million writes.
  expect(dollars(100_000, "Firestore operations")).toBeCloseTo(90 * 0.03 + 180 * 0.09);
});

test("the parts are all, and the largest comes first", () => {
  const { total, parts } = monthlyCost(1_000, COUNTED);
  const amounts = parts.map((part) => part.dollars);
  expect(amounts.reduce((sum, amount) => sum + amount)).toBeCloseTo(total);
  expect(amounts).toEqual(amounts.toSorted((a, b) => b - a));
});

test("a server is there however little there is to do, and grows with the work", () => {
  expect(dollars(10, "PostgreSQL")).toBeCloseTo(730 * (0.0413 + 3.75 * 0.007));
  // 208 documents a second of 0.1 s each keep 21 processors busy; 60 % of 35 are.
  expect(dollars(1_000_000, "PostgreSQL") / dollars(10, "PostgreSQL")).toBe(35);
});

test("values are kept for a year, and what the detector knows of a series once", () => {
  const stored = (counted: Partial<Counted>) => dollars(1, "PostgreSQL storage", { ...COUNTED, ...counted });
  expect(stored({ series: 0 })).toBeCloseTo(((90 * 12 * 400_000) / 2 ** 30) * 0.17);
  expect(stored({ valueBytes: 0 })).toBeCloseTo(((3 * 255 * 14_000) / 2 ** 30) * 0.17);
});

describe("functions", () => {
  const alone = dollars(100, "functions") / 100;

  test("calls that come one at a time are billed by tenths of a second", () => {
    expect(dollars(100, "functions", { ...COUNTED, document: [{ ...CALL, seconds: 0.101 }] })).toBeCloseTo(
      dollars(100, "functions"),
    );
  });

  test("calls at once share an instance, as many as it takes", () => {
    const shared = dollars(1_000_000, "functions") / 1_000_000;
    expect(shared).toBeLessThan(alone);
    const busy = { ...COUNTED, document: [{ ...CALL, processorSeconds: 0.2 }] };
    expect(dollars(1_000_000, "functions", busy) / 1_000_000).toBeGreaterThan(shared);
  });
});
