import type { Ratio } from "./rounds.ts";

/** What belongs together and is run by its name (`--only`). */
export interface Suite {
  readonly name: string;
  /** One line about what it measures. */
  readonly explains: string;
  run(options: SuiteOptions): Promise<Figure[]>;
}

/** How a suite is to be run. */
export interface SuiteOptions {
  /** Small sizes and few rounds: shows that it works, and no figure to rely on. */
  readonly quick: boolean;
  /** Says what is being measured now. */
  note(text: string): void;
}

/** One result. */
export interface Figure {
  /** The same in every run, whatever it comes to: by it two runs are compared. Unique within its suite. */
  readonly name: string;
  /** One line for people: what is divided by what, or counted. */
  readonly explains: string;
  readonly measured: Measured;
  /** Printed beside, never judged. */
  readonly absolute: readonly Absolute[];
  readonly target?: Target;
}

/** A ratio of two sides of the same run, or what is the same in every run and on every machine: a number of things. */
export type Measured =
  | ({ readonly as: "ratio" } & Ratio)
  | { readonly as: "count"; readonly count: number; readonly unit: string };

/** A figure that depends on the machine. */
export interface Absolute {
  readonly what: string;
  readonly value: number;
  /** Behind the value: "values/s", "ms", "MiB". */
  readonly unit: string;
}

/** What is to be reached. */
export type Target = { readonly atLeast: number } | { readonly atMost: number };

/** The number that is held against the target. */
function judged(measured: Measured): number {
  return measured.as === "ratio" ? measured.median : measured.count;
}

/** Whether the target is reached; undefined where there is none. */
export function isReached({ measured, target }: Figure): boolean | undefined {
  if (target === undefined) return undefined;
  const number = judged(measured);
  return "atLeast" in target ? number >= target.atLeast : number <= target.atMost;
}
