import type { StateModel } from "./stateModel.ts";

/** A model in words, for a terminal: its states, and below each the changes that lead on from it. */
export function describeStates(model: StateModel): string {
  const { title, table, column, attempts, states, transitions } = model;
  const width = Math.max(...Object.keys(states).map((state) => state.length));
  const changesOf = (from: string) =>
    transitions.filter(([start]) => start === from).map(([, to, by]) => `    ─► ${to.padEnd(width)}  ${by}`);
  const lines = Object.entries(states).flatMap(([state, rules]) => [
    `  ${state.padEnd(width)}  ${[rules.means, ...limits(rules)].join("; ")}`,
    ...changesOf(state),
  ]);
  return [
    `${title} (${table}.${column}; ${attempts} attempts)`,
    "  (new)",
    ...changesOf("new"),
    ...lines,
  ].join("\n");
}

function limits({ isFinal, lastsAtMost }: StateModel["states"][string]): string[] {
  if (isFinal) return ["final"];
  if (lastsAtMost === undefined) return [];
  return [
    typeof lastsAtMost === "number" ? `at most ${lastsAtMost / 60} min` : "at most its max_run_seconds",
  ];
}

/** A model as a Mermaid state diagram, as GitHub draws it. */
export function drawStates({ states, transitions }: StateModel): string {
  const named = (state: string) => (state === "new" ? "[*]" : state);
  const ends = Object.entries(states).flatMap(([state, { isFinal }]) =>
    isFinal ? [`  ${state} --> [*]`] : [],
  );
  const changes = transitions.map(([from, to]) => `  ${named(from)} --> ${to}`);
  return ["stateDiagram-v2", "  direction LR", ...changes, ...ends].join("\n");
}
