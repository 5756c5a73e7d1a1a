import { describe, expect, test } from "@jest/globals";
import fc from "../../../test/properties.ts";
import { clipWords, oneLine, printable } from "./text.ts";

describe("clipping between words", () => {
  test.each([
    ["short enough", 12, "short enough"],
    ["cut after a word", 10, "cut after…"],
    ["cut after a word", 9, "cut…"],
    ["a word that ends here exactly", 7, "a word…"],
    ["Donaudampfschiff", 6, "Donau…"],
    ["ends. Donaudampfschiff", 10, "ends.…"],
    ["👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 12, "👩‍👩‍👧‍👦…"],
    ["", 5, ""],
  ])("%p to %d", (text, max, clipped) => {
    expect(clipWords(text, max)).toBe(clipped);
  });

  test("is never longer than asked, and never ends within a word", () => {
    const words = fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }), { minLength: 1 });
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 60 }), (list, max) => {
        const text = list.map((word) => word.replaceAll(/\s/gu, "-")).join(" ");
        const clipped = clipWords(text, max);
        expect(clipped.length).toBeLessThanOrEqual(max);
        if (clipped === text) return;
        const kept = clipped.slice(0, -1);
        expect(text.startsWith(kept)).toBe(true);
        if (kept.includes(" ")) expect(text[kept.length]).toBe(" ");
      }),
    );
  });

  test("counts what a piece costs where that is not its length", () => {
    const doubled = (piece: string) => piece.length * 2;
    expect(clipWords("one two three", 18, doubled)).toBe("one two…");
  });
});

test("what cannot be printed, and what turns the direction of text, is left out", () => {
  expect(printable("a\u0000b\u202Ec\u2066d\u007Fe\ud800f\r\ng\th")).toBe("abcdef\ng h");
});

test("one line has no line break of any kind", () => {
  expect(oneLine(" Head\r\nBcc: x\u2028y\u0085z\u000bq ")).toBe("Head Bcc: x yzq");
});
