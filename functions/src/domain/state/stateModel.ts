/** One state of a kind of work. */
export interface StateRules {
  /** What it is to be in it. */
  readonly means: string;
  /** Nothing leaves it by itself; a person may. */
  readonly isFinal?: true;
  /** For how many seconds it may last: by itself, or since the row's own sign of life. Then the sweeper acts. */
  readonly lastsAtMost?: number | "max_run_seconds";
}

/** The states of a kind of work, and how it goes from one to another. */
export interface StateModel<
  States extends Readonly<Record<string, StateRules>> = Record<string, StateRules>,
> {
  readonly title: string;
  /** Where the state is kept. */
  readonly table: string;
  readonly column: string;
  /** The column that names a row. */
  readonly key: string;
  /** How often it is tried, or set going again, before it fails. */
  readonly attempts: number;
  readonly states: States;
  /** From ("new" for a row that was not there), to, and what causes it. */
  readonly transitions: readonly Transition[];
}

type Transition<State extends string = string> = readonly [from: State | "new", to: State, by: string];

/** A model whose transitions are between its own states. */
export function stateModel<const States extends Readonly<Record<string, StateRules>>>(
  model: StateModel<States> & { transitions: readonly Transition<NoInfer<Extract<keyof States, string>>>[] },
): StateModel<States> {
  return model;
}
