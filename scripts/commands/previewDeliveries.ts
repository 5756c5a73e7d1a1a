import { findCompany, table } from "./operatorView.ts";
import { usePipeline } from "./pipeline.ts";

/** `preview-deliveries`: shows who would be sent what about a company, and who would not and why. */
export async function previewDeliveriesOf(idOrName: string, { json }: { json: boolean }): Promise<void> {
  await usePipeline();
  const { database } = await import("../../functions/src/platform/postgres.ts");
  const { previewDeliveries } = await import("../../functions/src/stages/notify/previewDeliveries.ts");
  const db = await database();
  const company = await findCompany(db, idOrName);
  const recipients = await previewDeliveries(db, company.id, new Date());
  if (json) {
    console.log(JSON.stringify({ company, recipients }));
    return;
  }
  if (recipients.length === 0) {
    console.log(`Nobody who follows ${company.name} has a channel.`);
    return;
  }
  const rows = recipients.map((one) => [
    `${one.user} (${one.userId})`,
    `${one.channel} ${one.destination} (${one.channelId})`,
    one.gets,
    one.lastError ?? "",
  ]);
  console.log(table(["User", "Channel", `About ${company.name}`, "Channel's last error"], rows));
}
