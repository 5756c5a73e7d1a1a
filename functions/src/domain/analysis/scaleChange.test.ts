import { describe, expect, test } from "@jest/globals";
import { maybeScaleChange, scaleChangeOf } from "./scaleChange.ts";

const around = (level: number, step = level / 1000) =>
  Array.from({ length: 20 }, (_, index) => level + index * step);

describe("The first points of another scale are held", () => {
  test.each<readonly [what: string, sound: readonly number[], value: number, factor: number]>([
    ["thousands", around(10_000, 10), 10.19, 0.001],
    ["thousands without decimals", around(10_000, 10), 10, 0.001],
    ["a thousand times as many", around(52, 0.1), 53_900, 1000],
    ["a lost decimal point", around(4.5, 0.005), 46, 10],
    ["cents", around(19.99, 0), 1999, 100],
    ["a share as a percentage", around(0.12, 0.0005), 12.9, 100],
    ["negative numbers", around(-250, -1), -2.7, 0.01],
  ])("%s", (_, sound, value, factor) => {
    expect(maybeScaleChange(value, sound.at(-1) ?? null)).toBe(true);
    expect(scaleChangeOf(value, sound, [])).toEqual({ kind: "held", factor: expect.closeTo(factor) });
    expect(scaleChangeOf(value, sound, [value, value])).toMatchObject({ kind: "held" });
    expect(scaleChangeOf(value, sound, [value, value, value])).toMatchObject({ kind: "accepted" });
  });
});

describe("What is no other scale", () => {
  test.each<readonly [what: string, sound: readonly number[], value: number]>([
    ["the same level", around(1000), 1012],
    ["a half", around(1000), 510],
    ["seven times as many", around(1000), 7000],
    ["fifteen times as many", around(1000), 15_000],
    ["a small count", around(2, 0), 20],
    ["zero", around(100), 0],
    ["after zero", [0, 0, 0, 0, 0, 0], 10],
    ["another sign", around(100), -1000],
    ["a series that moves like that", [10, 100, 9, 110, 12, 95, 11], 105],
    ["too little history", [100, 101], 1000],
  ])("%s", (_, sound, value) => {
    expect(scaleChangeOf(value, sound, [])).toBeUndefined();
  });

  test("a held point of yet another level starts the count anew", () => {
    expect(scaleChangeOf(10.2, around(10_000, 10), [10.2, 10.2, 700, 10.2])).toMatchObject({ kind: "held" });
  });
});
