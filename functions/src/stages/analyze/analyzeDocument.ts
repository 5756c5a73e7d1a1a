import { type DataProblem, dataProblemOf, type ListsBefore } from "../../domain/analysis/dataProblem.ts";
import { forgetStates, keepStates, readHistories, readStates } from "../../domain/analysis/detectorStates.ts";
import { releaseHeld, scaleChanges } from "../../domain/analysis/heldNumbers.ts";
import {
  type Analysis,
  finishAnalysis,
  type PendingDocument,
  writeDataProblem,
} from "../../domain/analysis/pendingDocument.ts";
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
import { formatNumber } from "../../domain/words/numbers.ts";
import { logWarning } from "../../platform/log.ts";
import { correlationOf } from "../../platform/logContext.ts";
import type { Database } from "../../platform/postgres.ts";
import type { Task } from "../../platform/taskQueue.ts";
import { type Anomaly, type Judged, judgeSeries, latePoints } from "./anomalies.ts";
import type { Candidate } from "./candidate.ts";
import { changedPoints, itemChanges, ownChanges } from "./changes.ts";
import { itemNamesOf } from "./itemNames.ts";
import { itemsNewAndGone, type ListSeries } from "./items.ts";
import { readListSeries } from "./listSeries.ts";
import { anomalyFindings, ruleFindings, scaleFindings, withoutPointsOf } from "./numericFindings.ts";
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
 * Finds what is new in the values of a raw document, and writes it with its news and their deliveries. At most 14
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

  const scales = await scaleChanges(connection, points.numeric, subject);
  const problem =
    dataProblemOf(points, earlier, lists, document.issueCount) ?? scaleProblemOf(points, scales);
  if (problem !== undefined) await recordProblem(connection, document, problem, now);
  if (problem !== undefined && problem.heldSeries === undefined) {
    await finish({ state: "DATA_PROBLEM", newsIds: [] });
    return { state: "DATA_PROBLEM", findingCount: 0, deliveries: [] };
  }
  const going = points.numeric.filter((point) => !scales.has(seriesKey(point)));
  const judged = await judgeNumbers(connection, { numeric: going, subject }, settings);
  const anomalies = judged.flatMap((series) => series.anomalies);
  const { observedAt } = document;
  const rescaled = points.numeric.filter((point) => scales.get(seriesKey(point))?.kind === "accepted");
  const candidates = findAll({
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
  const findings = withoutRepeats(spacedOut(candidates, recent, settings.spacingMs));
  const written = await writeFindings(connection, findings, document, now);
  const findingIds = written.map(({ findingId }) => findingId);
  const { companyId, taskId } = document;
  const correlation = correlationOf({ taskId, documentId: document.id });
  const [deliveries] = await Promise.all([
    openDeliveries(connection, { companyId, findingIds, correlation, now }),
    finish({ state, newsIds: written.map(({ newsId }) => newsId) }),
  ]);
  return { state, findingCount: written.length, deliveries };
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

/** Leaves out anomalies at points that other findings are about. */
function withoutRepeats(candidates: readonly Candidate[]): Candidate[] {
  const isAnomaly = ({ detector }: Candidate) => detector === "anomaly";
  const others = candidates.filter((candidate) => !isAnomaly(candidate));
  return [...others, ...withoutPointsOf(candidates.filter(isAnomaly), others)];
}

interface Found {
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
  const { candidates: newAndGone, isReused } = itemsNewAndGone(points, earlier, {
    observedAt,
    listSeries,
    lists,
  });
  const changed = changedPoints(points.texts, isReused);
  const goesOn = ({ measurement, itemKey }: NumericPoint) => !isReused(measurement, itemKey);
  return [
    ...scaleFindings(rescaled.filter(goesOn), names),
    ...ruleFindings(going.filter(goesOn), { rules, anomalies, names }),
    ...anomalyFindings(
      anomalies.filter(({ point }) => goesOn(point)),
      names,
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
