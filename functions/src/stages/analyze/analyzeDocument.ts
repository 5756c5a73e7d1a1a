import { type DataProblem, dataProblemOf, type ListsBefore } from "../../domain/analysis/dataProblem.ts";
import { forgetStates, keepStates, readHistories, readStates } from "../../domain/analysis/detectorStates.ts";
import { releaseHeld, scaleChanges } from "../../domain/analysis/heldNumbers.ts";
import {
  type Analysis,
  finishAnalysis,
  PERIOD_MS,
  type PendingDocument,
  writeDataProblem,
} from "../../domain/analysis/pendingDocument.ts";
import { isProvisional, periodOf } from "../../domain/analysis/period.ts";
import { readEarlierDocument, readListsBefore, readPoints } from "../../domain/analysis/readPoints.ts";
import type { ScaleVerdict } from "../../domain/analysis/scaleChange.ts";
import {
  type DocumentPoints,
  type EarlierValue,
  type NumericPoint,
  type Rule,
  type SeriesId,
  seriesKey,
} from "../../domain/analysis/series.ts";
import { watchedPoints } from "../../domain/analysis/watchedPoints.ts";
import type { Settings } from "../../domain/detector/detector.ts";
import { openDeliveries } from "../../domain/message/openDeliveries.ts";
import { readRules } from "../../domain/rule/readRules.ts";
import { judgeByRule } from "../../domain/rule/rules.ts";
import { formatNumber } from "../../domain/words/numbers.ts";
import { logWarning } from "../../platform/log.ts";
import { correlationOf } from "../../platform/logContext.ts";
import type { Database } from "../../platform/postgres.ts";
import type { Task } from "../../platform/taskQueue.ts";
import { type Anomaly, type Judged, judgeSeries, latePoints } from "./anomalies.ts";
import type { Candidate } from "./candidate.ts";
import { changedPoints, itemChanges, ownChanges } from "./changes.ts";
import { withoutEchoes } from "./echoes.ts";
import { itemNamesOf } from "./itemNames.ts";
import { itemsNewAndGone, type ListSeries } from "./items.ts";
import { readListSeries } from "./listSeries.ts";
import {
  anomalyFindings,
  type ExpectedAt,
  ruleFindings,
  scaleFindings,
  withoutPointsOf,
} from "./numericFindings.ts";
import { entriesOf } from "./oneEntry.ts";
import { growsOn, hasWeekdayRhythm, RHYTHM_POINTS } from "./rhythm.ts";
import { readEarlierFindings, spacedOut } from "./spacing.ts";
import { assignSubject } from "./subject.ts";
import { writeFindings } from "./writeFindings.ts";

/** What an analysis is set to. */
export interface AnalysisSettings {
  readonly detector: Settings;
  /** How long a series that was told is silent, but for its return. */
  readonly spacingMs: number;
}

/** What became of a document, once the transaction is committed. */
export interface AnalyzedDocument {
  readonly state: Analysis["state"];
  readonly findingCount: number;
  /** The tasks for the queue `deliver`. */
  readonly deliveries: readonly Task[];
}

/**
 * Finds what is new in the values of a raw document, and writes it with its news and their deliveries. At most 21
 * statements, whatever the size of the document. The caller holds the lock on the company at the source.
 */
export async function analyzeDocument(
  connection: Database,
  document: PendingDocument,
  settings: AnalysisSettings,
  now: Date,
): Promise<AnalyzedDocument> {
  const subject = await assignSubject(connection, document);
  const [points, earlier, lists, rules, listSeries] = await Promise.all([
    readPoints(connection, { id: document.id, subject }),
    readEarlierDocument(connection, { ...document, subject }),
    readListsBefore(connection, { ...document, subject }),
    readRules(connection, { ...document, subject }),
    readListSeries(connection, document),
  ]);
  const counts = {
    valueCount: points.numeric.length + points.texts.length + points.comments.length,
    commentCount: points.comments.length,
  };
  const finish = (analysis: Pick<Analysis, "state" | "newsIds">) =>
    finishAnalysis(connection, document.id, { ...counts, ...analysis }, now);

  const settled = points.numeric.filter((point) => !isProvisional(point, document.receivedAt));
  const scales = await scaleChanges(connection, settled, subject);
  const problem =
    dataProblemOf(points, earlier, lists, document.issueCount) ?? scaleProblemOf(points, scales);
  if (problem !== undefined) await recordProblem(connection, document, problem, now);
  if (problem !== undefined && problem.heldSeries === undefined) {
    await finish({ state: "DATA_PROBLEM", newsIds: [] });
    return { state: "DATA_PROBLEM", findingCount: 0, deliveries: [] };
  }
  const provisional = points.numeric.filter((point) => isProvisional(point, document.receivedAt));
  const finals = await lastFinals(connection, provisional, subject);
  const going = [
    ...points.numeric.filter((point) => !scales.has(seriesKey(point)) && !provisional.includes(point)),
    ...finals,
  ];
  const judged = await judgeNumbers(connection, { numeric: going, subject }, settings);
  const anomalies = judged.flatMap((series) => series.anomalies);
  const expected = new Map(judged.map((series) => [seriesKey(series.point), series.expected]));
  const expectedAt = (point: NumericPoint) => expected.get(seriesKey(point));
  const ordinary = await ordinaryChanges(connection, going, rules, subject);
  const { observedAt } = document;
  const rescaled = points.numeric.filter((point) => scales.get(seriesKey(point))?.kind === "accepted");
  const candidates = findAll({
    expectedAt,
    periodMs: PERIOD_MS[document.frequency],
    ordinary,
    observedAt,
    points,
    going,
    rescaled,
    earlier,
    lists,
    rules,
    listSeries,
    anomalies,
  });
  await acceptScales(connection, { document, subject, rescaled }, now);
  const [recent] = await Promise.all([
    readEarlierFindings(connection, candidates, settings.spacingMs),
    keepStates(connection, subject, judged, now),
  ]);
  const state = problem === undefined ? "ANALYZED" : "DATA_PROBLEM";
  const isHistory = isHistorical(document);
  const findings = withoutRepeats(spacedOut(candidates, recent, settings.spacingMs));
  const entries = await withoutEchoes(connection, entriesOf(findings), document);
  const written = await writeFindings(connection, entries, document, { isHistory, now });
  const findingIds = written.map(({ findingId }) => findingId);
  const { companyId, taskId } = document;
  const correlation = correlationOf({ taskId, documentId: document.id });
  const [deliveries] = await Promise.all([
    openDeliveries(connection, { companyId, findingIds, correlation, isHistory, now }),
    finish({ state, newsIds: written.map(({ newsId }) => newsId) }),
  ]);
  return { state, findingCount: written.length, deliveries };
}

// Later than that, an observation is no news of its own any more.
const HISTORY_PERIODS = 2;

/** Whether it came long after it was observed, or was observed before the company was followed up at the source. */
function isHistorical({ observedAt, receivedAt, linkedAt, frequency }: PendingDocument): boolean {
  const age = receivedAt.getTime() - observedAt.getTime();
  if (age > HISTORY_PERIODS * PERIOD_MS[frequency]) return true;
  // What is observed and sent at once may have been on its way while the company was linked.
  return linkedAt !== null && observedAt < linkedAt && age > PERIOD_MS[frequency];
}

/** The numbers that are held, where the rest of the document is sound. */
function scaleProblemOf(
  { numeric }: DocumentPoints,
  scales: ReadonlyMap<string, ScaleVerdict>,
): DataProblem | undefined {
  const held = numeric.filter((point) => scales.get(seriesKey(point))?.kind === "held");
  const [first] = held;
  if (first === undefined) return undefined;
  const { measurement, value, previous } = first;
  const others = held.length === 1 ? "" : ` (and ${held.length - 1} more)`;
  return {
    problem:
      `“${measurement.name}” went from ${formatNumber(previous ?? 0)} to ${formatNumber(value)}${others}: it looks ` +
      "like another scale, and is held until more observations agree",
    heldSeries: held.map(seriesKey),
  };
}

/** Once it is accepted, what was held counts, and the detector learns the series anew. */
async function acceptScales(
  connection: Database,
  {
    document,
    subject,
    rescaled,
  }: {
    readonly document: PendingDocument;
    readonly subject: string;
    readonly rescaled: readonly NumericPoint[];
  },
  now: Date,
): Promise<void> {
  await releaseHeld(connection, document, rescaled.map(seriesKey));
  const { observedAt } = document;
  const series = rescaled.map((point) => ({ ...point, isWatched: true }));
  await forgetStates(connection, { subject, observedAt }, series, now);
}

async function recordProblem(
  connection: Database,
  document: PendingDocument,
  problem: DataProblem,
  now: Date,
): Promise<void> {
  await writeDataProblem(connection, document, problem, now);
  const { id, sourceId, companyId } = document;
  logWarning(`A source sent what is no news but a data problem: ${problem.problem}`, {
    document: id,
    source: sourceId,
    company: companyId,
  });
}

/**
 * The last values of periods that are over since these came: nothing was said of them while they could still change. One
 * statement, where there are any.
 */
async function lastFinals(
  connection: Database,
  provisional: readonly NumericPoint[],
  subject: string,
): Promise<NumericPoint[]> {
  // The first value of a period ends the one before.
  const first = provisional.filter(
    ({ observedAt, previousAt, period }) =>
      period != null && previousAt !== null && previousAt < periodOf(observedAt, period).from,
  );
  const until = first.map((point) => ({ ...point, until: point.previousAt ?? point.observedAt }));
  const histories = await readHistories(connection, subject, until, 2);
  return first.flatMap((point) => {
    const [before, last] = histories.get(seriesKey(point)) ?? [];
    if (before === undefined || last === undefined) return [];
    const at = { observedAt: new Date(last.at), previousAt: new Date(before.at) };
    return [{ ...point, ...at, value: last.value, previous: before.value }];
  });
}

/** Whether a rule compares with what growth alone leaves behind. */
function lagsBehind({ aggregation, referenceCount }: Rule): boolean {
  return referenceCount > 1 && (aggregation === "AVG" || aggregation === "MIN");
}

/** The series whose changes, where a rule would tell them, come every week or are their growth. At most one statement. */
async function ordinaryChanges(
  connection: Database,
  going: readonly NumericPoint[],
  rules: ReadonlyMap<string, readonly Rule[]>,
  subject: string,
): Promise<ReadonlySet<string>> {
  const hits = going.filter((point) =>
    (rules.get(seriesKey(point)) ?? []).some((rule) => judgeByRule(point, rule) !== undefined),
  );
  const until = hits.map((point) => ({ ...point, until: point.observedAt }));
  const histories = await readHistories(connection, subject, until, RHYTHM_POINTS);
  const isOrdinary = (point: NumericPoint) => {
    const ofPoint = rules.get(seriesKey(point)) ?? [];
    const history = histories.get(seriesKey(point)) ?? [];
    const thresholds = ofPoint.map(({ threshold }) => Math.abs(threshold));
    const isByAverage = ofPoint.every((rule) => lagsBehind(rule) || judgeByRule(point, rule) === undefined);
    return hasWeekdayRhythm(point, history, Math.min(...thresholds)) || (isByAverage && growsOn(history));
  };
  return new Set(hits.filter(isOrdinary).map(seriesKey));
}

/** Leaves out anomalies at points that other findings are about. */
function withoutRepeats(candidates: readonly Candidate[]): Candidate[] {
  const isAnomaly = ({ detector }: Candidate) => detector === "anomaly";
  const others = candidates.filter((candidate) => !isAnomaly(candidate));
  return [...others, ...withoutPointsOf(candidates.filter(isAnomaly), others)];
}

interface Found {
  readonly expectedAt: ExpectedAt;
  readonly periodMs: number;
  readonly ordinary: ReadonlySet<string>;
  readonly observedAt: Date;
  readonly points: DocumentPoints;
  /** Its numbers but for those that are held or were just accepted. */
  readonly going: readonly NumericPoint[];
  readonly rescaled: readonly NumericPoint[];
  readonly earlier: readonly EarlierValue[];
  readonly lists: ListsBefore;
  readonly rules: ReadonlyMap<string, readonly Rule[]>;
  readonly listSeries: ListSeries;
  readonly anomalies: readonly Anomaly[];
}

function findAll({
  expectedAt,
  periodMs,
  ordinary,
  observedAt,
  points,
  going,
  rescaled,
  earlier,
  lists,
  rules,
  listSeries,
  anomalies,
}: Found): Candidate[] {
  const names = itemNamesOf([...points.texts, ...earlier]);
  const telling = { names, periodMs };
  const { candidates: newAndGone, isReused } = itemsNewAndGone(points, earlier, {
    observedAt,
    listSeries,
    lists,
  });
  const changed = changedPoints(points.texts, isReused);
  const goesOn = ({ measurement, itemKey }: NumericPoint) => !isReused(measurement, itemKey);
  return [
    ...scaleFindings(rescaled.filter(goesOn), telling),
    ...ruleFindings(going.filter(goesOn), { rules, anomalies, expectedAt, ordinary, telling }),
    ...anomalyFindings(
      anomalies.filter(({ point }) => goesOn(point)),
      telling,
    ),
    ...ownChanges(changed),
    ...itemChanges(changed, names),
    ...newAndGone,
  ];
}

/** Has the detector judge the points. What it knows after that is not kept yet. */
async function judgeNumbers(
  connection: Database,
  { numeric, subject }: { readonly numeric: readonly NumericPoint[]; readonly subject: string },
  settings: AnalysisSettings,
): Promise<(Judged & SeriesId)[]> {
  const watched = watchedPoints(numeric);
  const known = await readStates(connection, subject, watched);
  const histories = await readHistories(connection, subject, latePoints(watched, known));
  return watched.map((point) => {
    const key = seriesKey(point);
    return {
      companyMeasurementId: point.companyMeasurementId,
      itemKey: point.itemKey,
      ...judgeSeries(point, known.get(key), histories.get(key), settings.detector),
    };
  });
}
