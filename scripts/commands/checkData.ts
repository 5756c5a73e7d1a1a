import type { CheckReport } from "../../functions/src/stages/operate/checks/checkData.ts";
import { table } from "./operatorView.ts";
import { usePipeline } from "./pipeline.ts";

/** `check-data`: runs the data checks. Fails if a check that pauses sources fails. */
export async function checkData({ json }: { readonly json: boolean }): Promise<void> {
  await usePipeline();
  const { database } = await import("../../functions/src/platform/postgres.ts");
  const { runJob } = await import("../../functions/src/platform/jobRun.ts");
  const { enqueueTasks } = await import("../../functions/src/platform/taskQueue.ts");
  const { readChecks } = await import("../../functions/src/stages/operate/checks/readChecks.ts");
  const { checkCounts, checkData: run } = await import(
    "../../functions/src/stages/operate/checks/checkData.ts"
  );
  const db = await database();
  const checks = await readChecks();
  let reports: CheckReport[] = [];
  await runJob(db, { job: "checkData", trigger: "COMMAND", timeoutSeconds: 300 }, async () => {
    reports = await run({ db, enqueue: enqueueTasks, checks }, new Date());
    return checkCounts(reports);
  });
  if (json) console.log(JSON.stringify({ checks: reports.map(summary) }));
  else for (const line of picture(reports)) console.log(line);
  if (reports.some(({ check, outcome }) => check.severity === "HALT" && outcome.state === "FAILING")) {
    process.exitCode = 1;
  }
}

function summary({ check, outcome, since }: CheckReport) {
  const { name, title, severity, means, remedy } = check;
  return {
    name,
    title,
    severity,
    ...outcome,
    since,
    ...(outcome.state === "FAILING" ? { means, remedy } : {}),
  };
}

const SHOWN_ROWS = 5;

function picture(reports: readonly CheckReport[]): string[] {
  const rows = reports.map(({ check, outcome, since }) => [
    check.name,
    check.severity.toLowerCase(),
    outcome.state,
    outcome.state === "BROKEN" ? "" : String(outcome.failingCount),
    since.toISOString().slice(0, 16).replace("T", " "),
  ]);
  return [
    table(["Check", "Severity", "State", "Found", "Since (UTC)"], rows),
    ...reports
      .filter(({ outcome }) => outcome.state !== "PASSING")
      .flatMap((report) => ["", ...details(report)]),
  ];
}

function details({ check, outcome }: CheckReport): string[] {
  if (outcome.state === "PASSING") return [];
  if (outcome.state === "BROKEN") return [`${check.name} could not run: ${outcome.error}`];
  const { failingCount, findings } = outcome;
  const shown = findings.slice(0, SHOWN_ROWS).map((finding) => `  ${JSON.stringify(finding)}`);
  const more = failingCount - shown.length;
  return [
    `${check.name}: ${check.means}`,
    check.remedy,
    ...shown,
    ...(more > 0 ? [`  … and ${more} more (--json shows the first 100)`] : []),
  ];
}
