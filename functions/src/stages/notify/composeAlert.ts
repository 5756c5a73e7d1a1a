import { z } from "zod";
import type { DueDelivery } from "../../domain/message/claimDelivery.ts";
import {
  type FindingRow,
  findingOf,
  findingsOfDelivery,
  oneForEachSeries,
} from "../../domain/message/findings.ts";
import { companyLink, settingsLink, silenceLink } from "../../domain/message/links.ts";
import type { AlertMessage, Company } from "../../domain/message/message.ts";
import { newestPoints } from "../../domain/message/seriesPoints.ts";
import { type Database, selectRow } from "../../platform/postgres.ts";

// The messages show ten findings; the rest are counted.
const MAX_CHARTS = 10;
// Of history, however long it is.
const MAX_NOTABLE = 12;
// A chart is 460 pixels wide.
const MAX_POINTS = 200;

/** The message of an alert: what its findings say by now. Undefined where they were removed. */
export async function composeAlert(
  db: Database,
  { id, userId, companyId, channelId }: DueDelivery,
  now: Date,
): Promise<AlertMessage | undefined> {
  if (userId === null || companyId === null || channelId === null) return undefined;
  const company = await findCompany(db, companyId);
  const found = await findingsOfDelivery(db, id);
  if (company === undefined || found.length === 0) return undefined;
  const live = oneForEachSeries(found.filter(({ isHistory }) => !isHistory));
  const past = found.filter(({ isHistory }) => isHistory);
  const told = live.length > 0 ? live : past.slice(0, MAX_NOTABLE);
  const keys = told.slice(0, MAX_CHARTS).map((one) => ({
    companyMeasurementId: one.companyMeasurementId,
    itemKey: one.itemKey,
    // A chart ends at the point that it marks: what came late, or was mined with its history, is not the newest.
    until: one.observedAt,
    handleValue: typeof one.facts.value === "number" ? one.facts.value : undefined,
  }));
  const points = await newestPoints(db, keys, MAX_POINTS);
  return {
    kind: "alert",
    company,
    findings: told.map((one, index) => findingOf(one, isRepeated(told, index) ? [] : points[index])),
    ...(past.length === 0 ? {} : { history: historyOf(past, live.length === 0) }),
    links: {
      company: companyLink(companyId),
      mute: await silenceLink({ act: "mute", user: userId, company: companyId }),
      settings: settingsLink(),
      unsubscribe: await silenceLink({ act: "pause", channel: channelId }),
    },
    sentAt: now,
  };
}

/** Whether an earlier finding shows the same series already. */
function isRepeated(told: readonly FindingRow[], index: number): boolean {
  const of = told[index];
  return (
    told.findIndex(
      (one) => one.companyMeasurementId === of?.companyMeasurementId && one.itemKey === of.itemKey,
    ) < index
  );
}

function historyOf(past: readonly FindingRow[], isAll: boolean): NonNullable<AlertMessage["history"]> {
  const times = past.map(({ observedAt }) => observedAt.getTime());
  return { count: past.length, from: new Date(Math.min(...times)), to: new Date(Math.max(...times)), isAll };
}

const companyRow = z.object({ id: z.int(), name: z.string() });

function findCompany(db: Database, companyId: number): Promise<Company | undefined> {
  return selectRow(db, companyRow, "select id, name from company where id = $1", [companyId]);
}
