import { z } from "zod";
import {
  type FindingRow,
  findingOf,
  findingsOfPeriod,
  oneForEachSeries,
} from "../../domain/message/findings.ts";
import { appLink, companyLink, settingsLink } from "../../domain/message/links.ts";
import type { ReportCompany, ReportMessage } from "../../domain/message/message.ts";
import { type Database, selectRows } from "../../platform/postgres.ts";
import { type CompanyRound, roundsOfPeriod, tellsOfRound } from "./fundingRounds.ts";
import { keySeries } from "./keySeries.ts";
import type { Period } from "./week.ts";

/** Whose report, and of when. */
export interface ReportRequest {
  readonly userId: number;
  readonly userName: string;
  readonly period: Period;
  /** The end of the previous week's report; null if there was none. */
  readonly toldUntil: Date | null;
}

const companyRow = z.object({ id: z.int(), name: z.string() });

type CompanyRow = z.output<typeof companyRow>;

const COMPANIES = `
  select company.id, company.name from company_subscription
    join company on company.id = company_subscription.company_id
   where company_subscription.user_id = $1 order by company.name, company.id`;

/**
 * A user's report: the news of the followed companies that were found since the report before, the most important
 * company first. Undefined if the user follows none. Muted companies are included: muting only ends alerts.
 */
export async function composeReport(
  db: Database,
  { userId, userName, period, toldUntil }: ReportRequest,
): Promise<ReportMessage | undefined> {
  const followed = await selectRows(db, companyRow, COMPANIES, [userId]);
  if (followed.length === 0) return undefined;
  const ids = followed.map(({ id }) => id);
  // Reports are not made to the second: each continues where the previous week's ended, if there was one.
  const untold = { from: toldUntil ?? period.from, to: period.to };
  const rounds = await roundsOfPeriod(db, ids, untold);
  const news = oneForEachSeries(toldOnce(await findingsOfPeriod(db, ids, untold), rounds));
  const withNews = inOrder(followed, news, rounds);
  const series = await keySeries(db, { companyIds: withNews.map(({ id }) => id), news, period });
  const companies = withNews.map(
    (company): ReportCompany => ({
      company,
      link: companyLink(company.id),
      news: news.filter(({ companyId }) => companyId === company.id).map((found) => findingOf(found)),
      series: series.get(company.id) ?? [],
      fundingRounds: rounds.filter(({ companyId }) => companyId === company.id).map(({ round }) => round),
    }),
  );
  return {
    kind: "report",
    user: { name: userName },
    period,
    companies,
    quietCompanies: followed.filter((company) => !withNews.includes(company)).map(({ name }) => name),
    links: { app: appLink(), settings: settingsLink() },
    sentAt: period.to,
  };
}

/**
 * Leaves out what would be said twice: what several rules or detectors found in one point (the most important
 * stays), and what the funding rounds tell.
 */
function toldOnce(found: readonly FindingRow[], rounds: readonly CompanyRound[]): FindingRow[] {
  const points = new Set<string>();
  return found.filter((one) => {
    const point = JSON.stringify([one.companyMeasurementId, one.itemKey, one.observedAt]);
    if (points.has(point) || rounds.some((round) => tellsOfRound(one, round))) return false;
    points.add(point);
    return true;
  });
}

/** The companies that have something to tell: those with a funding round first, then by their most important news. */
function inOrder(
  followed: readonly CompanyRow[],
  news: readonly FindingRow[],
  rounds: readonly CompanyRound[],
): CompanyRow[] {
  const rank = new Map<number, number>();
  // A funding round is as important as anything that is said of a company. The news are in their order.
  for (const { companyId } of [...rounds, ...news]) {
    if (!rank.has(companyId)) rank.set(companyId, rank.size);
  }
  const rankOf = ({ id }: CompanyRow) => rank.get(id) ?? Number.POSITIVE_INFINITY;
  return followed.filter(({ id }) => rank.has(id)).toSorted((a, b) => rankOf(a) - rankOf(b));
}
