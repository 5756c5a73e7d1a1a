import { beforeEach, describe, expect, jest, test } from "@jest/globals";
import { logger } from "firebase-functions/logger";
import {
  analyze,
  may,
  newsOf,
  observedCompany,
  pointsKnown,
  type ShortValue,
} from "../../../test/analyzing.ts";
import { emptyTables } from "../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import type { Database, TransactionalDatabase } from "../../platform/postgres.ts";

const db = openTestDatabase();
beforeEach(() => emptyTables(db));

/** A database whose every statement in a transaction is seen before it runs. */
function watched(seen: (text: string) => void): TransactionalDatabase {
  return {
    query: db.query,
    transaction: (work) =>
      db.transaction((connection: Database) =>
        work({
          query(text, values) {
            seen(text);
            return connection.query(text, values);
          },
        }),
      ),
  };
}

const REPOSITORIES = {
  repositories: ["nested"],
  "repository name": ["text", "repositories"],
  "repository stars": ["int", "repositories"],
  stars: ["int"],
  review: ["comment"],
} as const;

function repositories(count: number, stars: number): ShortValue[] {
  return [
    ["stars", count * stars],
    ["review", "Good"],
    ...Array.from({ length: count }, (_, index): ShortValue[] => [
      ["repository name", `repository ${index}`, `${index}`],
      ["repository stars", stars, `${index}`],
    ]).flat(),
  ];
}

async function state() {
  const { rows } = await db.query(
    `select (select count(*)::int from news) as news, (select count(*)::int from pipeline.finding) as findings,
            (select count(*)::int from pipeline.analysis) as analyses,
            (select json_agg(last_observed_at order by company_measurement_id, item_key) from pipeline.detector_state)
              as states`,
  );
  return rows[0];
}

describe("a document", () => {
  async function twoDocuments() {
    const company = await observedCompany(db, REPOSITORIES);
    await company.rule("stars", { threshold: 10 });
    await company.rule("repository stars", { threshold: 10 });
    await analyze(db, await company.observe(may(1), repositories(3, 10)));
    return { company, second: await company.observe(may(2), repositories(3, 20)) };
  }

  test("is analyzed once, however often it comes", async () => {
    const { second } = await twoDocuments();
    const first = await analyze(db, second, { improvesNews: true });
    const after = await state();
    const again = await analyze(db, second, { improvesNews: true });
    expect(await state()).toEqual(after);
    expect(await newsOf(db)).toHaveLength(1);
    // What follows is enqueued again, under the same ids.
    expect(again.waiting("improveNews")).toEqual(first.waiting("improveNews"));
    expect(first.waiting("improveNews")).toHaveLength(1);
    expect(again.waiting("scoreComments")).toHaveLength(1);
  });

  test("is analyzed once, at several places at once", async () => {
    const { second } = await twoDocuments();
    await Promise.all([analyze(db, second), analyze(db, second), analyze(db, second)]);
    expect(await newsOf(db)).toHaveLength(1);
    expect(await state()).toMatchObject({ analyses: 2, findings: 1 });
  });

  test("without a language model asks for no better words", async () => {
    const { second } = await twoDocuments();
    expect((await analyze(db, second)).waiting("improveNews")).toEqual([]);
  });

  test("whose analysis crashes at any statement is analyzed the next time, as if it had not", async () => {
    const { second } = await twoDocuments();
    let statements = 0;
    for (let crashAt = 1; ; crashAt += 1) {
      statements = 0;
      const crashing = watched(() => {
        statements += 1;
        if (statements === crashAt) throw new Error("crash");
      });
      const before = await state();
      const crashed = await analyze(crashing, second).then(
        () => false,
        () => true,
      );
      if (!crashed) break;
      expect(await state()).toEqual(before);
    }
    expect(statements).toBeGreaterThan(8);
    expect(await newsOf(db)).toHaveLength(1);
  });

  test("opens deliveries for those who follow the company, in the same transaction", async () => {
    const { company, second } = await twoDocuments();
    await db.query(
      `with reader as (
         insert into "user" (auth_id, name, modified_at) values ('reader', 'A reader', now()) returning id
       ), channel as (
         insert into notification_channel (channel_type, destination, modified_at)
         values ('EMAIL', 'a@example.com', now()) returning id
       ), follows as (
         insert into company_subscription (user_id, company_id, modified_at) select id, $1, now() from reader
       )
       insert into notification_subscription (user_id, channel_id, channel_purpose, modified_at)
       select reader.id, channel.id, 'REPORT', now() from reader, channel`,
      [company.companyId],
    );
    const queue = await analyze(db, second);
    expect(queue.waiting("deliver")).toHaveLength(1);
    const { rows } = await db.query("select finding_id from pipeline.delivery_finding");
    expect(rows).toHaveLength(1);
  });
});

test("costs as many statements for 1,000 items as for two", async () => {
  const count = async (items: number) => {
    const company = await observedCompany(db, REPOSITORIES);
    await company.rule("stars", { threshold: 10 });
    await company.rule("repository stars", { threshold: 10 });
    await analyze(db, await company.observe(may(1), repositories(items, 10)));
    const texts: string[] = [];
    const second = await company.observe(may(2), repositories(items, 20));
    await analyze(
      watched((text) => texts.push(text)),
      second,
    );
    return texts.length;
  };
  const small = await count(2);
  expect(await count(1000)).toBe(small);
  // Two find the document; one less than the most, for nothing came late.
  expect(small).toBe(19);
  expect(await newsOf(db)).toHaveLength(2);
}, 60_000);

describe("documents that wait", () => {
  test("are analyzed in the order of time, whichever is called first", async () => {
    const company = await observedCompany(db, { price: ["float"] });
    await company.rule("price", { threshold: 10 });
    const documents: string[] = [];
    for (const [index, price] of [10, 20, 21, 40].entries()) {
      documents.push(await company.observe(may(index + 1), [["price", price]]));
    }
    await Promise.all(documents.toReversed().map((id) => analyze(db, id)));
    expect((await newsOf(db)).map((news) => news.triggerFactor)).toEqual(["+100%", "+90%"]);
    expect(await state()).toMatchObject({ analyses: 4 });
  });

  test("do not stop a newer one where they fail", async () => {
    const logged = jest.spyOn(logger, "write").mockImplementation(() => undefined);
    const company = await observedCompany(db, { price: ["float"] });
    await company.rule("price", { threshold: 10 });
    await company.observe(may(1), [["price", 10]]);
    const second = await company.observe(may(2), [["price", 20]]);
    let failures = 0;
    const failing = watched((text) => {
      if (!text.includes("with draft as") && text.includes("with analyzed as") && failures === 0) {
        failures += 1;
        throw new Error("the first fails");
      }
    });
    await analyze(failing, second);
    expect(await newsOf(db)).toMatchObject([{ triggerFactor: "+100%" }]);
    expect(await state()).toMatchObject({ analyses: 1 });
    expect(logged).toHaveBeenCalledTimes(1);
    logged.mockRestore();
  });
});

describe("a company with two handles at a source", () => {
  const org = (url: string, stars: number): ShortValue[] => [
    ["github url", url],
    ["stars", stars],
  ];

  async function runs(documents: readonly (readonly [url: string, stars: number])[][]) {
    const company = await observedCompany(db, { "github url": ["link"], stars: ["int"] });
    await company.rule("stars", { threshold: 10 });
    let day = 0;
    for (const [task, run] of documents.entries()) {
      for (const [url, stars] of run) {
        day += 1;
        await analyze(db, await company.observe(may(day), org(url, stars), { taskId: task + 1 }));
      }
    }
    return (await newsOf(db)).map((news) => news.triggerFactor);
  }

  test("has two series, each compared with itself", async () => {
    const [small, large] = ["https://github.com/small", "https://github.com/large"];
    const first = [[small, 10] as const, [large, 5000] as const];
    expect(
      await runs([
        first,
        first,
        [
          [small, 20],
          [large, 5001],
        ],
        first.toReversed(),
      ]),
    ).toEqual(["+100%", "−50%"]);
    expect(await pointsKnown(db)).toMatchObject([
      { subject: large, points: 4 },
      { subject: small, points: 4 },
    ]);
  });

  test("that only has another name now goes on", async () => {
    const [before, after] = ["https://github.com/a", "https://github.com/b"];
    const news = await runs([[[before, 10]], [[after, 20]], [[after, 30]]]);
    expect(news).toEqual(["changed", "+100%", "+50%"]);
  });
});

test("a document that is gone is no error", async () => {
  await analyze(db, "no such document");
  expect(await newsOf(db)).toEqual([]);
});

describe("a document whose analysis kills its process each time", () => {
  test("is given up after five runs, and the next of its company is analyzed", async () => {
    const company = await observedCompany(db, { stars: ["int"] });
    const poison = await company.observe(may(1), [["stars", 1]]);
    const next = await company.observe(may(2), [["stars", 2]]);
    // The process dies in the transaction: nothing after the beginning of the run is written.
    let begun = false;
    const dying: TransactionalDatabase = {
      query(text, values) {
        if (begun) throw new Error("dead");
        return db.query(text, values);
      },
      transaction() {
        begun = true;
        return Promise.reject(new Error("dead"));
      },
    };
    for (let run = 0; run < 5; run += 1) {
      begun = false;
      await expect(analyze(dying, poison, { now: minutesLater(10 * run) })).rejects.toThrow("dead");
    }
    await analyze(db, next, { now: minutesLater(60) });
    const { rows } = await db.query(
      "select id, state, reason from pipeline.raw_document order by observed_at",
    );
    expect(rows).toMatchObject([
      {
        id: poison,
        state: "FAILED",
        reason: "Given up after 5 attempts; each of them died or took too long",
      },
      { id: next, state: "ANALYZED", reason: null },
    ]);
  });
});

const minutesLater = (minutes: number) => new Date(may(3).getTime() + minutes * 60_000);
