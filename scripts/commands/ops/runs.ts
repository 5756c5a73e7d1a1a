import { table } from "../operatorView.ts";
import { accepted, operatedDatabase, type Printed, shownTime } from "./operating.ts";

/** The command's options. */
export interface RunsOptions extends Printed {
  readonly job?: string;
  readonly state?: string;
  readonly limit: number;
}

/** `ops runs`: lists the newest runs of scheduled functions. */
export async function runs({ json, ...said }: RunsOptions): Promise<void> {
  const db = await operatedDatabase();
  const { runsRequest } = await import("../../../functions/src/stages/operate/ops/requests.ts");
  const { listRuns } = await import("../../../functions/src/stages/operate/ops/runs.ts");
  const listed = await listRuns(db, await accepted(runsRequest, said));
  if (json) {
    console.log(JSON.stringify({ runs: listed }));
    return;
  }
  const rows = listed.map((run) => [
    shownTime(run.startedAt),
    run.job,
    run.trigger.toLowerCase(),
    run.attempts > 1 ? `${run.state} (attempt ${run.attempts})` : run.state,
    run.endedAt === null ? "" : `${((run.endedAt.getTime() - run.startedAt.getTime()) / 1000).toFixed(1)} s`,
    run.error ??
      Object.entries(run.counts)
        .flatMap(([name, value]) => (value ? [`${name} ${value}`] : []))
        .join(", "),
  ]);
  console.log(
    rows.length === 0
      ? "No runs match."
      : table(["Time (UTC)", "Job", "Trigger", "State", "Took", "Result"], rows),
  );
}
