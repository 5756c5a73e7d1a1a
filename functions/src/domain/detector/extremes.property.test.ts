import { expect, test } from "@jest/globals";
import fc from "../../../test/properties.ts";
import { advance, type Point, step } from "./detector.ts";
import { start, stateSchema } from "./state.ts";

const DAY = 86_400_000;

/** Any finite number there is, the largest and the smallest and those between them as often as others. */
const value = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ min: -1e3, max: 1e3, noNaN: true }),
  fc
    .tuple(fc.integer({ min: -300, max: 300 }), fc.double({ min: -10, max: 10, noNaN: true }))
    .map(([e, m]) => m * 10 ** e),
  fc.constantFrom(0, -0, 1, Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, 1e-300, 1e300, 2 ** 53),
);
/** Any time there is: before 1970, at once, backwards, centuries apart. */
const at = fc.oneof(
  fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2024, 0, 1) + 100 * DAY }),
  fc.nat({ max: 30 }).map((day) => Date.UTC(2024, 0, 1) + day * DAY),
  fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }),
);
const anySeries = fc.array(fc.record({ at, value }), { minLength: 1, maxLength: 60 });
const inOrder = anySeries.map((points) => points.toSorted((a, b) => a.at - b.at));
/** Ordinary for a while, so that everything has been learned, and then anything. */
const suddenly = fc
  .tuple(
    fc.array(fc.integer({ min: 90, max: 110 }), { minLength: 20, maxLength: 40 }),
    fc.array(value, { maxLength: 20 }),
  )
  .map(([ordinary, wild]) => [...ordinary, ...wild].map((value, day): Point => ({ at: day * DAY, value })));

test.each([
  ["in any order", anySeries],
  ["in its order", inOrder],
  ["that is ordinary, and then is not", suddenly],
])(
  "a series of any finite numbers at any times, %s, gets scores from 0 to 1 and a state that can be stored",
  (_, series) => {
    fc.assert(
      fc.property(series, (points) => {
        const state = start();
        for (const point of points) {
          const { score, reason, expected } = advance(state, point);
          expect(score >= 0 && score <= 1).toBe(true);
          expect(reason).not.toMatch(/NaN|undefined|Infinity/);
          if (expected === null) continue;
          expect([expected.low, expected.high].every(Number.isFinite)).toBe(true);
          expect(expected.low).toBeLessThanOrEqual(expected.high);
        }
        const json = JSON.stringify(state);
        expect(json.length).toBeLessThan(50_000);
        // NaN and infinities would come back as null.
        expect(stateSchema.safeParse(JSON.parse(json)).success).toBe(true);
      }),
      { numRuns: 40 },
    );
  },
);

test("a value as from another world ends no judging, then or later", () => {
  const values = [...Array.from({ length: 60 }, (_, i) => 100 + (i % 7)), 1.7e18, -1e300, 103, 104];
  let state = start();
  const scores = values.map((value, day) => {
    const { state: next, verdict } = step(state, { at: day * DAY, value });
    state = next;
    return verdict.score;
  });
  expect(scores[60]).toBeGreaterThan(0.999);
  expect(state.unrest).toBeLessThan(1000);
});

test("twice the same time is judged once, whatever its value", () => {
  fc.assert(
    fc.property(inOrder, value, (points, other) => {
      let state = start();
      for (const point of points) state = step(state, point).state;
      const last = points.at(-1)?.at ?? 0;
      const again = step(state, { at: last, value: other });
      expect(again.verdict).toMatchObject({ kind: "already seen", score: 0, alert: false });
      expect(again.state).toEqual(state);
    }),
    { numRuns: 20 },
  );
});
