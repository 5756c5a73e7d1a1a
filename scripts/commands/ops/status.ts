import type { Status } from "../../../functions/src/stages/operate/ops/status.ts";
import { table } from "../operatorView.ts";
import { accepted, operatedDatabase, type Printed, shownAge, shownTime } from "./operating.ts";

/** `ops status`: shows the state of the whole pipeline. */
export async function status({ json, ...said }: Printed & { readonly hours: string }): Promise<void> {
  const db = await operatedDatabase();
  const { statusRequest } = await import("../../../functions/src/stages/operate/ops/requests.ts");
  const { readStatus } = await import("../../../functions/src/stages/operate/ops/status.ts");
  const { queueStates } = await import("../../../functions/src/stages/operate/ops/queueStates.ts");
  const { queueProjectConfig } = await import("../../../functions/src/platform/config.ts");
  const request = await accepted(statusRequest, said);
  const project = queueProjectConfig();
  const queues = project === undefined ? {} : { queueStates: () => queueStates(project) };
  const found = await readStatus({ db, ...queues, now: new Date() }, request);
  console.log(json ? JSON.stringify(found) : picture(found, request.hours).join("\n\n"));
}

function picture(found: Status, hours: number): string[] {
  return [
    sources(found),
    work(found, hours),
    ...oldest(found),
    ...queues(found),
    ...checks(found),
    ...asked(found),
    ...refused(found),
    nextStep(found),
  ];
}

function sources({ sources }: Status): string {
  return table(
    ["Source", "Health", "Calls today", "Paused by", "Last error"],
    sources.map((source) => [
      source.isActive ? source.name : `${source.name} (not active)`,
      source.breaker.state === "CLOSED"
        ? source.health
        : `${source.health}, breaker ${source.breaker.state}\nsince ${shownTime(source.breaker.downSince)}`,
      `${source.calls.today}${source.calls.perDay === null ? "" : ` of ${source.calls.perDay}`}`,
      source.pauses.map(({ by, reason }) => `${by}: ${reason}`).join("\n"),
      source.lastError === null
        ? ""
        : `${shownTime(source.lastError.at)} ${source.lastError.type ?? ""}\n${(source.lastError.text ?? "").slice(0, 60)}`,
    ]),
  );
}

function work({ work }: Status, hours: number): string {
  const rows = Map.groupBy(work, ({ source, stage }) => `${source ?? ""}\n${stage}`);
  const drawn = table(
    ["Source", "Stage", "States"],
    [...rows.values()].map((counts) => [
      counts[0]?.source ?? "(none)",
      counts[0]?.stage ?? "",
      counts.map(({ state, count }) => `${state} ${count}`).join("  "),
    ]),
  );
  return `${drawn}\nWaiting and failed work of any age; finished work of the last ${hours} h.`;
}

function oldest({ oldestWaiting }: Status): string[] {
  if (oldestWaiting.length === 0) return ["Nothing is waiting."];
  const waits = oldestWaiting.map(({ stage, seconds }) => `${stage} ${shownAge(seconds)}`);
  return [`Oldest waiting: ${waits.join(", ")}`];
}

function queues({ queues, queuesError }: Status): string[] {
  if (queuesError !== undefined) return [`Cloud Tasks did not report its queues: ${queuesError}`];
  if (queues === undefined) return [];
  const rows = queues.map((queue) => [
    queue.queue,
    queue.state,
    String(queue.tasks),
    shownTime(queue.oldest),
    String(queue.executedLastMinute),
  ]);
  return [table(["Queue", "State", "Tasks", "Oldest (UTC)", "Done last minute"], rows)];
}

function checks({ failingChecks }: Status): string[] {
  return failingChecks.map(
    ({ name, severity, state, since, failingCount }) =>
      `Data check ${name} (${severity.toLowerCase()}) has been ${state} since ${shownTime(since)}: ${failingCount} found`,
  );
}

function asked({ moduleRequests }: Status): string[] {
  if (moduleRequests.length === 0) return [];
  const rows = moduleRequests.map((request) => [
    request.source,
    request.kind === "HANDSHAKE" ? "handshake" : "CRM import",
    request.state,
    shownTime(request.requestedAt),
    (request.errorText ?? JSON.stringify(request.result) ?? "").slice(0, 60),
  ]);
  return [table(["Source", "Asked for", "State", "Asked at (UTC)", "Outcome"], rows)];
}

function refused({ refusedTransitions }: Status): string[] {
  return refusedTransitions.map(
    ({ work, from, to, count, lastAt }) =>
      `Refused ${count} times, last ${shownTime(lastAt)}: ${work} from ${from} to ${to}`,
  );
}

function nextStep({ work, failingChecks, sources }: Status): string {
  if (failingChecks.length > 0) return "Next: scripts/dev check-data";
  if (work.some(({ stage, state }) => stage === "normalize" && state === "FAILED")) {
    return "Next: scripts/dev ops failed";
  }
  if (work.some(({ stage, state }) => stage === "notify" && state === "FAILED")) {
    return "Next: scripts/dev deliveries";
  }
  if (sources.some(({ health }) => health === "DOWN"))
    return "Next: find out why the source is down (--json shows the full error)";
  return "No action needed.";
}
