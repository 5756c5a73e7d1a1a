import type { OperatorNotice } from "../../../domain/message/tellOperators.ts";
import type { DataCheck } from "./readChecks.ts";
import type { CheckOutcome } from "./runCheck.ts";

/** The sources that a run of a check paused and resumed, by name. */
export interface CheckChange {
  readonly paused: readonly string[];
  readonly resumed: readonly string[];
}

/** The notice to operators when a check changes its state or the sources it pauses. */
export function checkNotice(
  check: DataCheck,
  outcome: CheckOutcome,
  { paused, resumed }: CheckChange,
  now: Date,
): OperatorNotice {
  const { name, title } = check;
  const key = `check ${name} ${now.toISOString()}`;
  const pauses = [
    ...(paused.length > 0 ? [`Paused: ${paused.join(", ")}.`] : []),
    ...(resumed.length > 0 ? [`Resumed: ${resumed.join(", ")}.`] : []),
  ];
  switch (outcome.state) {
    case "PASSING":
      return {
        key,
        subject: `Data check passing again: ${title}`,
        body: [`The check ${name} passes.`, ...pauses].join("\n\n"),
      };
    case "BROKEN":
      return {
        key,
        subject: `Data check broken: ${title}`,
        body: [
          `The check ${name} could not run, so it is unknown whether the data is right.`,
          outcome.error,
        ].join("\n\n"),
      };
    case "FAILING":
      return {
        key,
        subject: `Data check failing: ${title}`,
        body: [
          `${check.means} (${outcome.failingCount} found)`,
          check.remedy,
          ...pauses,
          `\`scripts/dev check-data\` shows what it found; so does pipeline.data_check_row where check_name = '${name}'.`,
        ].join("\n\n"),
      };
  }
}
