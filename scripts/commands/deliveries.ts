import { findCompany, table } from "./operatorView.ts";
import { usePipeline } from "./pipeline.ts";

/** The command's options. */
export interface DeliveriesOptions {
  readonly company?: string;
  readonly user?: number;
  readonly limit: number;
  readonly json: boolean;
}

/** `deliveries`: lists what was sent where, and the result. */
export async function deliveries({ company, user, limit, json }: DeliveriesOptions): Promise<void> {
  await usePipeline();
  const { database } = await import("../../functions/src/platform/postgres.ts");
  const { deliveryHistory } = await import("../../functions/src/stages/notify/deliveryHistory.ts");
  const db = await database();
  const companyId = company === undefined ? undefined : (await findCompany(db, company)).id;
  const history = await deliveryHistory(db, { companyId, userId: user, limit });
  if (json) {
    console.log(JSON.stringify({ deliveries: history }));
    return;
  }
  const rows = history.map((one) => [
    (one.sentAt ?? one.createdAt).toISOString().slice(0, 16).replace("T", " "),
    one.state,
    `${one.user ?? ""}\n${one.channel} ${one.destination}`,
    [one.company ?? one.kind.toLowerCase(), ...one.titles.map((title) => `· ${title ?? ""}`)].join("\n"),
    one.error ?? "",
  ]);
  console.log(
    rows.length === 0 ? "Nothing was sent." : table(["Time (UTC)", "Result", "To", "About", "Error"], rows),
  );
}
