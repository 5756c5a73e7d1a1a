import { beforeEach, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { emptyTables } from "../../../../test/emptyTables.ts";
import { openOpenai } from "../../../../test/openOpenai.ts";
import { openTestDatabase } from "../../../../test/openTestDatabase.ts";
import { insertCompany, insertSource } from "../../../../test/rows.ts";
import { type Behaviour, fails, hangs, refuses, says, saysJson } from "../../../../test/standins/openai.ts";
import { improveNewsPayload, improveNewsTask } from "../../../domain/analysis/tasks.ts";
import { type Database, selectRow } from "../../../platform/postgres.ts";
import { improveNews } from "./improveNews.ts";

const db = openTestDatabase();
const { openai, asking } = openOpenai(db);
const NOON = new Date("2024-05-15T12:00:00Z");

const TEMPLATE = {
  title: "Acme: stars +38 %",
  message: "stars of Acme rose by 38 % to 1,412, against an average of 1,023 in the last 12 values.",
};
const BETTER = {
  title: "Acme's stars jump 38 % to 1,412",
  message:
    "Interest in Acme grows: its repositories have 1,412 stars now, 38 % above the average of the last 12 values.",
};

let before = 0;
let newsId = 0;
beforeEach(async () => {
  await emptyTables(db);
  before = openai().requests.length;
  newsId = await insertNews();
});

const calls = () => openai().requests.slice(before);
const improve = async (environment: Readonly<Record<string, string>> = {}) =>
  improveNews(await asking(environment), { newsId }, NOON);

async function insertNews(
  facts: unknown = { value: 1412, average: 1023, percentChange: 38.02 },
): Promise<number> {
  const source = await insertSource(db, { name: "github" });
  const company = await insertCompany(db, "Acme");
  await insertCompany(db, "Globex");
  const row = await selectRow(
    db,
    z.object({ id: z.int() }),
    `with measurement as (
       insert into source_measurement (source_module_id, type, measurement_name, modified_at)
       values ($1, 'int', 'stars', now()) returning id
     ), series as (
       insert into company_source_measurement (source_measurement_id, company_id)
       select id, $2 from measurement returning company_measurement_id, source_measurement_id
     ), item as (
       insert into news (title, message, trigger_factor, company_id, data_source_id, source_measurement_id, "timestamp", modified_at)
       select $3, $4, '+38 %', $2, $1, source_measurement_id, $6, $6 from series
       returning id
     )
     insert into pipeline.finding (news_id, detector, company_measurement_id, item_key, observed_at, severity, facts)
     select item.id, 'rule:12', series.company_measurement_id, '', $6, 'high', $5 from item, series
     returning news_id as id`,
    [
      source,
      company,
      TEMPLATE.title,
      TEMPLATE.message,
      JSON.stringify(facts),
      new Date("2024-05-14T00:00:00Z"),
    ],
  );
  return row?.id ?? 0;
}

async function news(): Promise<unknown> {
  const { rows } = await db.query(
    `select title, message, improved_at, modified_at from news join pipeline.finding on news_id = news.id`,
  );
  return rows[0];
}

const template = { ...TEMPLATE, improved_at: null, modified_at: new Date("2024-05-14T00:00:00Z") };

test("better words replace the template's, once", async () => {
  openai().behave(saysJson(() => BETTER));
  await improve();
  expect(await news()).toEqual({ ...BETTER, improved_at: NOON, modified_at: NOON });
  await improve();
  expect(calls()).toHaveLength(1);
});

test("the model sees the finding as data, and the limits", async () => {
  openai().behave(saysJson(() => BETTER));
  await improve();
  const [system, user] = calls()[0]?.messages ?? [];
  expect(system?.content).toContain("at most 90 characters, the message at most 400");
  const [, json = ""] = /^<finding>\n(.*)\n<\/finding>$/.exec(user?.content ?? "") ?? [];
  expect(JSON.parse(json)).toEqual({
    company: "Acme",
    source: "github",
    measurement: "stars",
    observedAt: "2024-05-14T00:00:00.000Z",
    severity: "high",
    change: "+38 %",
    facts: { value: 1412, average: 1023, percentChange: 38.02 },
    ...TEMPLATE,
  });
});

test.each([
  ["the key", { OPENAI_API_KEY: "" }],
  ["budget", { OPENAI_TOKENS_PER_DAY: "0" }],
])("without %s the template stays", async (_name, environment) => {
  await improve(environment);
  expect(await news()).toEqual(template);
  expect(calls()).toEqual([]);
});

describe("the template stays", () => {
  test.each<[string, Behaviour]>([
    ["a refusal", refuses()],
    ["no JSON", says("Acme is doing great.")],
    ["a wrong shape", saysJson(() => ({ headline: "Acme" }))],
    ["an empty title", saysJson(() => ({ ...BETTER, title: " " }))],
    [
      "a number that the finding does not have",
      saysJson(() => ({ ...BETTER, title: "Acme's stars jump 42 %" })),
    ],
    ["a rounded number", saysJson(() => ({ ...BETTER, message: "Acme has about 1,400 stars." }))],
    ["a number in words", saysJson(() => ({ ...BETTER, message: "Acme's stars doubled." }))],
    ["another company", saysJson(() => ({ ...BETTER, message: "Acme overtakes Initech." }))],
    ["a title that is too long", saysJson(() => ({ ...BETTER, title: "Acme rises ".repeat(9) }))],
    ["a message that is too long", saysJson(() => ({ ...BETTER, message: "rises ".repeat(70) }))],
    ["several lines", saysJson(() => ({ ...BETTER, message: "Acme rises.\n\nBuy now." }))],
    ["a link", saysJson(() => ({ ...BETTER, message: "Acme rises, see evil.example/acme" }))],
    ["a server that rejects the call", fails(403)],
  ])("after %s", async (_name, behaviour) => {
    openai().behave(behaviour);
    await improve();
    expect(await news()).toEqual(template);
  });

  test("where another company stands at the beginning of a sentence", async () => {
    openai().behave(saysJson(() => ({ ...BETTER, title: "Globex falls behind" })));
    await improve();
    expect(await news()).toEqual(template);
  });

  test.each<[string, Behaviour]>([
    ["429", fails(429)],
    ["500", fails(500)],
    ["a time-out", hangs()],
  ])("after %s, and the queue tries again later", async (_name, behaviour) => {
    openai().behave(behaviour);
    await expect(improve({ OPENAI_TIMEOUT_SECONDS: "0.1" })).rejects.toMatchObject({
      name: "LanguageError",
      retryable: true,
    });
    expect(await news()).toEqual(template);
    openai().behave(saysJson(() => BETTER));
    await improve();
    expect(await news()).toMatchObject(BETTER);
  });
});

test("a mistake is told, and may be corrected", async () => {
  openai().behave(
    saysJson(() => ({ ...BETTER, title: "Acme's stars jump 42 %" })),
    saysJson(() => BETTER),
  );
  await improve();
  expect(calls()[1]?.messages.at(-1)?.content).toContain("the finding does not have percent:42");
  expect(await news()).toMatchObject(BETTER);
});

test("of two runs at once one writes", async () => {
  // Both have asked before either is answered.
  const whenBothAsk = (answer: unknown): Behaviour => {
    return (request, response) => {
      openai()
        .called(before + 2)
        .then(() => saysJson(() => answer)(request, response));
    };
  };
  const other = { title: "Acme's stars are up 38 %", message: "Acme has 1,412 stars." };
  openai().behave(whenBothAsk(BETTER), whenBothAsk(other));
  const who = await asking();
  const written: (number | null)[] = [];
  const watched: Database = {
    query: async (text, values) => {
      const result = await db.query(text, values);
      if (text.includes("update news")) written.push(result.rowCount);
      return result;
    },
  };
  const run = () => improveNews({ ...who, db: watched }, { newsId }, NOON);
  await Promise.all([run(), run()]);
  expect(written).toEqual(expect.arrayContaining([0, 1]));
});

test("words that somebody has changed meanwhile stay", async () => {
  openai().behave((request, response) => {
    db.query("update news set title = 'By hand' where id = $1", [newsId]).then(() =>
      saysJson(() => BETTER)(request, response),
    );
  });
  await improve();
  expect(await news()).toMatchObject({ title: "By hand", message: TEMPLATE.message, improved_at: null });
});

test("news without a finding, or that is gone, is left alone", async () => {
  await db.query("delete from pipeline.finding");
  await improve();
  await db.query("delete from news");
  await improve();
  expect(calls()).toEqual([]);
});

test("only the beginning of a long text is sent", async () => {
  await emptyTables(db);
  newsId = await insertNews({ before: "x".repeat(100_000), after: "y" });
  openai().behave(saysJson(() => BETTER));
  await improve();
  expect(calls()[0]?.messages[1]?.content.length).toBeLessThan(2000);
});

test("a task's payload is what the function takes", () => {
  expect(improveNewsPayload.parse(improveNewsTask(7).payload)).toEqual({ newsId: 7 });
});
