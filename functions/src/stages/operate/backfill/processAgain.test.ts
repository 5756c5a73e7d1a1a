import { beforeEach, describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { analyze, pointsKnown } from "../../../../test/analyzing.ts";
import { dyingAtEveryStep } from "../../../../test/dying.ts";
import { emptyTables } from "../../../../test/emptyTables.ts";
import { documentState, issuesOf, valuesOf } from "../../../../test/normalized.ts";
import { flatMap, openNormalizing, type Source } from "../../../../test/normalizing.ts";
import { recordedQueue } from "../../../../test/recordedQueue.ts";
import { storeMap } from "../../../domain/normalizationMap/mapStore.ts";
import { ensureMeasurements } from "../../../domain/normalizationMap/measurements.ts";
import { firestore } from "../../../platform/firebase.ts";
import { cancelBackfill, processAgainPayload, readBackfill, readFailures } from "./backfill.ts";
import { processAgain } from "./processAgain.ts";
import { type BackfillRequest, startBackfill } from "./startBackfill.ts";
import { sweepBackfills } from "./sweepBackfills.ts";

// The first call loads the Firestore client and warms up the emulator.
jest.setTimeout(60_000);

const { db, context, source, file, normalize } = openNormalizing();

const LATER = new Date("2024-06-01T00:00:00Z");
const april = (day: number) => new Date(Date.UTC(2024, 3, day));

let queue: ReturnType<typeof recordedQueue>;
beforeEach(async () => {
  await emptyTables(db);
  queue = recordedQueue();
});

/** Files a document, and runs stages 4 and 5 for it. */
async function observe(about: Source, day: number, answer: object): Promise<string> {
  const { id, path } = await file(about, JSON.stringify(answer), { observedAt: april(day) });
  await normalize(path);
  await analyze(db, id);
  return id;
}

/** Gives a source another map, as a handshake does. */
async function changeMap(about: Source, fields: Record<string, string>): Promise<void> {
  const map = await ensureMeasurements(db, about.id, flatMap(fields), LATER);
  await storeMap(firestore(), about, map, LATER);
}

const operation = (now = LATER) => ({ db, enqueue: queue.enqueue, operator: "user:anna", now });

const start = (about: Source, request: Partial<BackfillRequest> = {}) =>
  startBackfill(operation(), {
    source: about.name,
    mode: "PROCESS",
    from: april(1),
    to: april(30),
    ...request,
  });

const outside = () => ({ db, enqueue: queue.enqueue });

/** Runs all tasks of the queue `processAgain`. */
async function runAll({ db: database, enqueue } = outside()): Promise<void> {
  for (;;) {
    const task = queue.take("processAgain");
    if (task === undefined) return;
    const { blobStore } = context();
    await processAgain(
      { db: database, enqueue, firestore: firestore(), blobStore, clock: () => LATER },
      processAgainPayload.parse(task.payload),
    );
  }
}

const values = async (about: Source) =>
  (await valuesOf(db, about.id)).map(
    ({ name, value, timestamp }) => `${timestamp.getUTCDate()} ${name} ${value}`,
  );

const told = async () =>
  (
    await db.query(
      `select (select count(*)::int from news) as news, (select count(*)::int from pipeline.finding) as findings,
              (select count(*)::int from pipeline.delivery) as deliveries,
              (select coalesce(sum(finding_count), 0)::int from pipeline.analysis) as counted`,
    )
  ).rows[0];

/** How many points the detector knows of a series. */
async function pointsOf(wanted: string): Promise<number | undefined> {
  return (await pointsKnown(db)).find(({ name }) => name === wanted)?.points;
}

describe("after a changed map", () => {
  let github: Source;
  beforeEach(async () => {
    github = await source(flatMap({ stars: "int", motto: "text", review: "comment", odd: "int" }));
    for (const day of [1, 2, 3]) {
      const motto = `motto ${day}`;
      await observe(github, day, { stars: 10 * day, followers: 100 + day, motto, review: "Good", odd: "?" });
    }
    await db.query("update measurement_comment_value set sentiment_score = 7");
    await changeMap(github, { followers: "int", motto: "text", review: "comment" });
  });

  test("values are replaced exactly, in silence, and the next document finds the right history", async () => {
    const before = await told();
    const comments = await db.query("select * from measurement_comment_value order by id");
    expect(await pointsOf("stars")).toBe(3);
    const { id } = await start(github);
    expect(await readBackfill(db, id)).toMatchObject({ state: "RUNNING", total: 3, done: 0, companies: 1 });
    await runAll();

    expect(await readBackfill(db, id)).toMatchObject({
      state: "DONE",
      done: 3,
      failed: 0,
      runAsNew: 0,
      requestedBy: "user:anna",
      endedAt: LATER,
    });
    expect(new Set(await values(github))).toEqual(
      new Set(
        [1, 2, 3].flatMap((day) => [
          `${day} followers ${100 + day}`,
          `${day} motto motto ${day}`,
          `${day} review Good`,
        ]),
      ),
    );
    const { rows } = await db.query("select id from pipeline.raw_document");
    for (const row of rows) {
      const document = z.object({ id: z.string() }).parse(row).id;
      expect(await documentState(db, document)).toMatchObject({
        state: "ANALYZED",
        mapVersion: 2,
        valueCount: 3,
        issueCount: 0,
      });
      expect(await issuesOf(db, document)).toEqual([]);
    }
    // What is the same stays, with its score.
    expect((await db.query("select * from measurement_comment_value order by id")).rows).toEqual(
      comments.rows,
    );
    expect(await told()).toEqual(before);
    for (const name of ["deliver", "improveNews", "scoreComments", "normalizeAgain"]) {
      expect(queue.waiting(name)).toEqual([]);
    }

    await observe(github, 4, { followers: 104, motto: "motto 4", review: "Good" });
    expect(await pointsOf("followers")).toBe(4);
  });

  test("killed anywhere, it leaves old or new values, and goes on", async () => {
    const { id } = await start(github);
    const [task] = queue.waiting("processAgain");
    const payload = processAgainPayload.parse(task?.payload);
    const seen = new Set<number>();
    await dyingAtEveryStep(outside(), async (dying) => {
      // One that its process dies of five times is given up; here it is not the document's fault.
      await db.query("update pipeline.backfill_company set attempt = 0");
      const perDay = Map.groupBy(await values(github), (value) => value.slice(0, 1));
      for (const ofDay of perDay.values()) {
        const isOld = ofDay.some((value) => value.includes("stars"));
        expect(ofDay).toHaveLength(3);
        expect(ofDay.some((value) => value.includes("followers"))).toBe(!isOld);
      }
      seen.add([...perDay.values()].filter((ofDay) => ofDay.some((value) => value.includes("stars"))).length);
      const { blobStore } = context();
      await processAgain({ ...dying, firestore: firestore(), blobStore, clock: () => LATER }, payload);
    });
    expect([...seen]).toEqual([3, 2, 1]);
    expect((await values(github)).filter((value) => value.includes("followers"))).toHaveLength(3);
    expect(await readBackfill(db, id)).toMatchObject({ state: "DONE", done: 3, failed: 0 });
  });

  test("two tasks at once do each document once", async () => {
    const { id } = await start(github);
    const payload = processAgainPayload.parse(queue.take("processAgain")?.payload);
    const { blobStore } = context();
    const run = () =>
      processAgain({ ...outside(), firestore: firestore(), blobStore, clock: () => LATER }, payload);
    await Promise.all([run(), run()]);
    expect(await readBackfill(db, id)).toMatchObject({ state: "DONE", done: 3, failed: 0 });
    expect(await values(github)).toHaveLength(9);
  });

  test("only the range is done, and of a cancelled one no more", async () => {
    await expect(start(github, { from: april(9), to: april(10) })).rejects.toThrow("nothing to do");
    const { id } = await start(github, { from: april(2), to: april(3) });
    await expect(start(github)).rejects.toMatchObject({ code: "conflict" });
    await runAll();
    expect((await values(github)).filter((value) => value.includes("followers"))).toEqual([
      "2 followers 102",
    ]);
    expect(await readBackfill(db, id)).toMatchObject({ state: "DONE", total: 1, done: 1 });

    const second = await start(github);
    expect(await cancelBackfill(operation(), second.id)).toMatchObject({
      state: "CANCELLED",
      cancelledBy: "user:anna",
    });
    await runAll();
    expect(await readBackfill(db, second.id)).toMatchObject({ state: "CANCELLED", done: 0 });
    await expect(cancelBackfill(operation(), second.id)).rejects.toMatchObject({ code: "conflict" });
  });

  test("a document that is gone keeps its values, with the reason", async () => {
    const { rows } = await db.query(
      "select id, path from pipeline.raw_document order by observed_at limit 1",
    );
    const gone = z.object({ id: z.string(), path: z.string() }).parse(rows[0]);
    await firestore().doc(gone.path).delete();
    const { id } = await start(github);
    await runAll();
    expect(await readBackfill(db, id)).toMatchObject({ state: "DONE", done: 2, failed: 1 });
    expect(await readFailures(db, id)).toMatchObject([
      { document: gone.id, reason: expect.stringContaining("not in Firestore") },
    ]);
    expect(await values(github)).toContain("1 stars 10");
  });

  test("what is not analyzed yet, failed or lost its values is treated as what it is", async () => {
    const fresh = await file(github, JSON.stringify({ stars: 1, followers: 104 }), { observedAt: april(4) });
    await normalize(fresh.path);
    // Normalized by the newest map already; now as if by the old one.
    await db.query("delete from measurement_int_value where raw_document_id = $1", [fresh.id]);
    const broken = await file(github, JSON.stringify({ followers: 105 }), { observedAt: april(5) });
    await db.query("update pipeline.raw_document set state = 'FAILED', reason = 'a bug' where id = $1", [
      broken.id,
    ]);
    await db.query("update pipeline.raw_document set values_removed_at = $1 where observed_at = $2", [
      LATER,
      april(1),
    ]);
    const { id } = await start(github);
    await runAll();
    expect(await readBackfill(db, id)).toMatchObject({ total: 4, done: 4, runAsNew: 1, state: "DONE" });
    expect(await documentState(db, fresh.id)).toMatchObject({ state: "NORMALIZED", valueCount: 1 });
    expect(await documentState(db, broken.id)).toMatchObject({ state: "RECEIVED" });
    expect(queue.waiting("normalizeAgain").map(({ payload }) => payload)).toEqual([{ path: broken.path }]);
    expect(await values(github)).toEqual(expect.arrayContaining(["1 stars 10", "4 followers 104"]));
  });

  test("one that failed after it had values is run again without those of the old map", async () => {
    const { rows } = await db.query(
      "select id, path from pipeline.raw_document order by observed_at limit 1",
    );
    const { id, path } = z.object({ id: z.string(), path: z.string() }).parse(rows[0]);
    await db.transaction(async (connection) => {
      // As if its analysis had been given up.
      await connection.query("set local parma.enforce_states = off");
      await connection.query(
        "update pipeline.raw_document set state = 'FAILED', reason = 'not analyzed' where id = $1",
        [id],
      );
    });
    await db.query("delete from pipeline.analysis where raw_document_id = $1", [id]);
    await normalize(path);
    const ofDay = (await values(github)).filter((value) => value.startsWith("1 "));
    expect(new Set(ofDay)).toEqual(new Set(["1 followers 101", "1 motto motto 1", "1 review Good"]));
  });

  test("tasks that got lost are found by the sweeper, once nothing of the backfill goes on", async () => {
    const { id } = await start(github);
    queue.take("processAgain");
    const sweepAfter = (minutes: number) =>
      sweepBackfills(outside(), { now: new Date(LATER.getTime() + minutes * 60_000), factor: 1 });
    expect(await sweepAfter(19)).toEqual({ backfillsAgain: 0 });
    expect(await sweepAfter(21)).toEqual({ backfillsAgain: 1 });
    await runAll();
    expect(await readBackfill(db, id)).toMatchObject({ state: "DONE", done: 3 });
    expect(await sweepAfter(100)).toEqual({ backfillsAgain: 0 });
  });
});

test("a data problem of the map is none any more, and the other way round", async () => {
  const github = await source(flatMap({ stars: "int" }));
  await observe(github, 1, { stars: 10, forks: 1 });
  const empty = await observe(github, 2, { forks: 2 });
  expect(await documentState(db, empty)).toMatchObject({ state: "DATA_PROBLEM" });
  await changeMap(github, { stars: "int", forks: "int" });
  await start(github);
  await runAll();
  expect(await documentState(db, empty)).toMatchObject({ state: "ANALYZED", valueCount: 1 });
  expect((await db.query("select from pipeline.data_problem")).rowCount).toBe(0);

  await changeMap(github, { stars: "int" });
  const { id } = await start(github);
  await runAll();
  expect(await readBackfill(db, id)).toMatchObject({ state: "DONE", done: 2 });
  expect(await documentState(db, empty)).toMatchObject({ state: "DATA_PROBLEM", valueCount: 0 });
  expect((await db.query("select from pipeline.refused_transition")).rowCount).toBe(0);
});

test("a document that kills its process is given up after some tries, and the next one comes", async () => {
  const github = await source(flatMap({ stars: "int" }));
  await observe(github, 1, { stars: 10 });
  await observe(github, 2, { stars: 20 });
  const { id } = await start(github);
  await db.query("update pipeline.backfill_company set attempt = 5, last_error = 'out of memory'");
  await runAll();
  expect(await readBackfill(db, id)).toMatchObject({ state: "DONE", done: 1, failed: 1 });
  expect(await readFailures(db, id)).toMatchObject([{ reason: "Tried 5 times; out of memory" }]);
});
