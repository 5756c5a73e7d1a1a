import type { EarlierMeasured, EarlierResult } from "./result.ts";

/** A figure in two runs. */
export interface Change {
  readonly suite: string;
  readonly figure: string;
  /** Undefined where the run does not have it. */
  readonly before: number | undefined;
  readonly after: number | undefined;
  /** Whether it moved by more than the rounds of either run are apart. */
  readonly isClear: boolean;
}

/** What changed from one run to another. A suite that only one of them ran is left out. */
export function changesBetween(
  before: Pick<EarlierResult, "suites">,
  after: Pick<EarlierResult, "suites">,
): Change[] {
  return after.suites.flatMap((suite) => {
    const earlier = before.suites.find(({ name }) => name === suite.name);
    if (earlier === undefined) return [];
    const measuredBefore = new Map(earlier.figures.map(({ name, measured }) => [name, measured]));
    const measuredAfter = new Map(suite.figures.map(({ name, measured }) => [name, measured]));
    return [...new Set([...measuredAfter.keys(), ...measuredBefore.keys()])].map((figure) => {
      const was = measuredBefore.get(figure);
      const is = measuredAfter.get(figure);
      return {
        suite: suite.name,
        figure,
        before: was && numberOf(was),
        after: is && numberOf(is),
        isClear: was === undefined || is === undefined || areApart(rangeOf(was), rangeOf(is)),
      };
    });
  });
}

function numberOf(measured: EarlierMeasured): number {
  return measured.as === "ratio" ? measured.median : measured.count;
}

function rangeOf(measured: EarlierMeasured): readonly [number, number] {
  return measured.as === "ratio" ? measured.spread : [measured.count, measured.count];
}

function areApart([low, high]: readonly [number, number], [otherLow, otherHigh]: readonly [number, number]) {
  return high < otherLow || otherHigh < low;
}
