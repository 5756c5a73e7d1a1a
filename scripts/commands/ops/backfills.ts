import type { Backfill } from "../../../functions/src/stages/operate/backfill/backfill.ts";
import { findCompany, table } from "../operatorView.ts";
import { accepted, operate, operatedDatabase, type Printed, refusalsTold, shownTime } from "./operating.ts";

/** The command's options. */
export interface BackfillOptions extends Printed {
  readonly mode: string;
  readonly from: string;
  readonly to: string;
  readonly company: readonly string[];
  readonly all: boolean;
}

/** `ops backfill SOURCE`: mines or processes a source's past again. */
export async function backfill(
  source: string,
  { json, company: companies, ...said }: BackfillOptions,
): Promise<void> {
  const db = await operatedDatabase();
  const { backfillRequest } = await import("../../../functions/src/stages/operate/ops/requests.ts");
  const { startBackfill } = await import("../../../functions/src/stages/operate/backfill/startBackfill.ts");
  const found: number[] = [];
  for (const company of companies) found.push((await findCompany(db, company)).id);
  const request = await accepted(backfillRequest, {
    ...said,
    source,
    companies: found.length === 0 ? undefined : found,
  });
  const started = await operate(
    "backfill",
    request,
    (context) => startBackfill(context, request),
    "companies",
  );
  if (json) {
    console.log(JSON.stringify(started));
    return;
  }
  const when = started.mode === "MINE" ? `at the next tick, as task ${started.task}` : "now";
  console.log(`Backfill ${started.id} begins ${when}: ${whatOf(started)}.`);
  console.log(`Next: scripts/dev ops backfills ${started.id}`);
}

/** `ops backfills [ID]`: shows the progress of backfills. */
export async function backfills(
  id: number | undefined,
  { json, limit }: Printed & { readonly limit: number },
): Promise<void> {
  const db = await operatedDatabase();
  const read = await import("../../../functions/src/stages/operate/backfill/backfill.ts");
  if (id === undefined) {
    const listed = await read.listBackfills(db, limit);
    if (json) console.log(JSON.stringify({ backfills: listed }));
    else console.log(listed.length === 0 ? "No backfills yet." : picture(listed));
    return;
  }
  const one = await refusalsTold(() => read.readBackfill(db, id));
  const failures = await read.readFailures(db, id);
  if (json) {
    console.log(JSON.stringify({ ...one, failures }));
    return;
  }
  console.log(picture([one]));
  for (const { document, company, reason } of failures) {
    console.log(`${document} of company ${company} keeps its old values:\n  ${reason}`);
  }
  if (one.runAsNew > 0)
    console.log(`${one.runAsNew} are running as new documents because they had failed or never run.`);
  if (one.mode === "MINE" && one.failed > 0) {
    console.log(`Failed calls: task ${one.task} in pipeline.mining_call.`);
  }
}

/** `ops cancel-backfill ID`: cancels a backfill. */
export async function cancelBackfill(id: number, { json }: Printed): Promise<void> {
  const { cancelBackfill } = await import("../../../functions/src/stages/operate/backfill/backfill.ts");
  const cancelled = await operate("cancel backfill", { id }, (context) => cancelBackfill(context, id));
  console.log(
    json
      ? JSON.stringify(cancelled)
      : `Cancelled backfill ${id}. ${cancelled.done} of ${cancelled.total} were already done and are kept.`,
  );
}

function picture(listed: readonly Backfill[]): string {
  return table(
    ["Id", "Source", "Range (UTC)", "Asked for", "State", "Progress"],
    listed.map((one) => [
      String(one.id),
      `${one.source}\n${one.mode.toLowerCase()} again`,
      `${shownTime(one.from)}\nto ${shownTime(one.to)}`,
      `${shownTime(one.createdAt)}\n${one.requestedBy}`,
      one.cancelledBy === null ? one.state : `${one.state}\n${one.cancelledBy}`,
      `${one.done + one.failed} of ${whatOf(one)}${one.failed === 0 ? "" : `\n${one.failed} failed`}`,
    ]),
  );
}

function whatOf({ mode, total, companies }: Backfill): string {
  const ofCompanies = companies === 1 ? "1 company" : `${companies} companies`;
  if (mode === "PROCESS") return `${total === 1 ? "1 document" : `${total} documents`} of ${ofCompanies}`;
  return companies === 0 ? "one call for all companies" : ofCompanies;
}
