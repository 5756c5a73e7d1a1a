import { expect, test } from "@jest/globals";
import { median, quantile, ratioOf, side, takeTurns } from "./rounds.ts";

test("the median is the middle, and between two where there are two", () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([1, 2, 3, 10])).toBe(2.5);
  expect(median([7])).toBe(7);
  expect(median([])).toBeNaN();
});

test("a quantile lies between its neighbours in proportion", () => {
  expect(quantile([0, 10], 0.25)).toBe(2.5);
  expect(quantile([1, 2, 3, 4, 5], 0.75)).toBe(4);
});

test("sides take turns, each round beginning with the next one, after one that is thrown away", async () => {
  const order: string[] = [];
  const named = (name: string) => side(async () => order.push(name));
  const [a, b, c] = [named("a"), named("b"), named("c")];
  await takeTurns([a, b, c], 3);
  expect(order.join("")).toBe("abc" + "abc" + "bca" + "cab");
  expect([a.reached, b.reached, c.reached]).toEqual([
    [4, 9, 11],
    [5, 7, 12],
    [6, 8, 10],
  ]);
});

test("a ratio is made round by round: what slows a whole round is in neither side", () => {
  const ours = { reached: [10, 1, 30, 20] };
  const other = { reached: [20, 2, 40, 40] };
  expect(ratioOf(ours, other)).toEqual({
    median: 0.5,
    spread: [0.5, 0.5625],
    rounds: [0.5, 0.5, 0.75, 0.5],
  });
});

test("sides that did not run the same rounds have no ratio", () => {
  expect(() => ratioOf({ reached: [1] }, { reached: [1, 2] })).toThrow(RangeError);
  expect(() => ratioOf({ reached: [] }, { reached: [] })).toThrow(RangeError);
});
