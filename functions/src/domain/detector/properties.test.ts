import { expect, test } from "@jest/globals";
import fc from "../../../test/properties.ts";
import { advance, type Point, step, type Verdict } from "./detector.ts";
import { DAY, made, random } from "./madeSeries.ts";
import { packState, unpackState } from "./packedState.ts";
import { start, stateSchema } from "./state.ts";

// No subnormal numbers: a change of unit may turn them into 0.
const value = fc.oneof(
  fc.integer({ min: -5, max: 50 }),
  fc.integer({ min: -1_000_000, max: 1_000_000 }),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((n) => (Math.abs(n) < 1e-9 ? 0 : n)),
  fc.constant(0),
);
const series = fc
  .array(fc.tuple(value, fc.integer({ min: 1, max: 3 * DAY })), { minLength: 1, maxLength: 80 })
  .map((steps) => {
    let at = Date.UTC(2024, 0, 1);
    return steps.map(([value, gap]): Point => {
      at += gap;
      return { at, value };
    });
  });

function judge(points: readonly Point[]): Verdict[] {
  const state = start();
  return points.map((point) => advance(state, point));
}

test("a change of unit changes no score and no alert", () => {
  const unit = fc.oneof(
    fc.constantFrom(100, 0.01, 1000, 1 / 1.0847),
    fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
  );
  fc.assert(
    fc.property(series, unit, (points, factor) => {
      const original = judge(points);
      const scaled = judge(points.map(({ at, value }) => ({ at, value: value * factor })));
      for (const [i, { score, alert, kind }] of scaled.entries()) {
        expect(score).toBeCloseTo(original[i]?.score ?? Number.NaN, 6);
        expect({ alert, kind }).toEqual({ alert: original[i]?.alert, kind: original[i]?.kind });
      }
    }),
  );
});

test("the future changes nothing that was said of the past", () => {
  fc.assert(
    fc.property(series, fc.nat(), (points, cut) => {
      const past = points.slice(0, cut % points.length);
      expect(judge(points).slice(0, past.length)).toEqual(judge(past));
    }),
  );
});

test("a point that was seen, or is older, changes nothing", () => {
  fc.assert(
    fc.property(series, fc.nat(), fc.integer({ min: 0, max: DAY }), value, (points, cut, late, other) => {
      const state = start();
      for (const point of points) advance(state, point);
      const before = structuredClone(state);
      const seen = points[cut % points.length];
      for (const point of [seen, { at: (points.at(-1)?.at ?? 0) - late, value: other }]) {
        const again = step(state, point ?? { at: 0, value: 0 });
        expect(again.state).toEqual(before);
        expect(again.verdict).toMatchObject({ score: 0, alert: false, kind: "already seen" });
      }
    }),
  );
});

test("the state survives JSON at every point, and the one given is left alone", () => {
  fc.assert(
    fc.property(series, (points) => {
      let state = start();
      for (const [i, verdict] of judge(points).entries()) {
        const stored = JSON.stringify(state);
        const next = step(stateSchema.parse(JSON.parse(stored)), points[i] ?? { at: 0, value: 0 });
        expect(next.verdict).toEqual(verdict);
        step(state, points[i] ?? { at: 0, value: 0 });
        expect(JSON.stringify(state)).toBe(stored);
        state = next.state;
      }
    }),
    { numRuns: 30 },
  );
});

test("a score is a probability, and a range has a lower and an upper end", () => {
  fc.assert(
    fc.property(series, (points) => {
      for (const { score, expected } of judge(points)) {
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1);
        if (expected) expect(expected.low).toBeLessThanOrEqual(expected.high);
      }
    }),
  );
});

test("a state comes back as it was, to the last digit", () => {
  fc.assert(
    fc.property(series, (points) => {
      const state = start();
      for (const point of points) advance(state, point);
      expect(unpackState(packState(state))).toEqual(state);
    }),
  );
});

test("the state stays below 40 kB, however long and wild the series", () => {
  const { normal, uniform } = random(1);
  const wild = [
    made(3000, () => normal() * 1e6 + 0.123456789, DAY / 288),
    made(3000, (i) => Math.exp(20 * uniform()) * Math.sin(i), DAY / 24),
  ];
  for (const points of wild) {
    const state = start();
    for (const point of points) advance(state, point);
    expect(packState(state).length).toBeLessThan(40_000);
  }
});
