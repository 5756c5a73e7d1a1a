import type { Excuse, SoakOutcome, Trace } from "./outcome.ts";

/** Something that the run with faults left otherwise than the one without. */
export interface Difference {
  readonly kind: string;
  readonly how: "missing" | "too many" | "not final" | "not kept" | "surprising";
  readonly what: string;
  /** Where to find it: in the run that has it. */
  readonly ids: string;
}

const KINDS = ["documents", "values", "scores", "news", "messages"] as const;

/** Compares what the run with faults left with what the one without did: nothing lost, nothing twice. */
export function differences(expected: SoakOutcome, found: SoakOutcome): Difference[] {
  return KINDS.flatMap((kind) => {
    const own = found.excuses.filter((excuse) => excuse.kind === kind);
    return differencesOf(kind, expected[kind], found[kind], own);
  });
}

function differencesOf(
  kind: string,
  expected: readonly Trace[],
  found: readonly Trace[],
  excuses: readonly Excuse[],
): Difference[] {
  const missing = unexcused(without(expected, found), excuses);
  const tooMany = without(found, expected);
  return [
    ...missing.map((trace) => ({ kind, how: "missing" as const, ...trace })),
    ...tooMany.map((trace) => ({ kind, how: "too many" as const, ...trace })),
  ];
}

/** What is in `all` and not in `others`; something that is in one of them twice counts twice. */
function without(all: readonly Trace[], others: readonly Trace[]): Trace[] {
  const left = new Map<string, number>();
  for (const { what } of others) left.set(what, (left.get(what) ?? 0) + 1);
  return all.filter(({ what }) => {
    const count = left.get(what) ?? 0;
    left.set(what, count - 1);
    return count <= 0;
  });
}

/** Those that none of the excuses is for; each is good for one. */
function unexcused(missing: readonly Trace[], excuses: readonly Excuse[]): Trace[] {
  const left = [...excuses];
  return missing.filter(({ what }) => {
    const position = left.findIndex(
      ({ starts, contains }) => what.startsWith(starts) && what.includes(contains),
    );
    if (position >= 0) left.splice(position, 1);
    return position < 0;
  });
}
