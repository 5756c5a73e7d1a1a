import { describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { documentState, issuesOf, valuesOf } from "../../../test/normalized.ts";
import { batchOf, contractAnswer, contractMap, flatMap, openNormalizing } from "../../../test/normalizing.ts";
import fc from "../../../test/properties.ts";
import { firestore } from "../../platform/firebase.ts";
import { selectRows, type TransactionalDatabase } from "../../platform/postgres.ts";
import { normalizationMap } from "../normalizationMap/normalizationMap.ts";

// The first call loads the Firestore client and warms up the emulator.
jest.setTimeout(60_000);

const { db, source, file, normalize } = openNormalizing();

describe("costs as many statements", () => {
  test("for 1,000 repositories as for two", async () => {
    const github = await source(contractMap("github"));
    // The first document makes the company's series.
    await normalize((await file(github, contractAnswer("github"))).path);
    const [small, large] = [await countStatements(2), await countStatements(1000)];
    expect(large).toBe(small);
    expect(large).toBe(5);

    async function countStatements(repositories: number): Promise<number> {
      const answer = JSON.parse(contractAnswer("github"));
      answer.repos = Array.from({ length: repositories }, (_, index) => ({
        ...answer.repos[0],
        html_url: `https://github.com/TestOrg/${index}`,
      }));
      const { path } = await file(github, JSON.stringify(answer));
      let statements = 0;
      const counted: TransactionalDatabase = {
        query: db.query,
        transaction: (work) =>
          db.transaction((connection) =>
            work({
              query(text, values) {
                statements += 1;
                return connection.query(text, values);
              },
            }),
          ),
      };
      expect(await normalize(path, { db: counted })).toEqual({
        state: "NORMALIZED",
        mapVersion: 1,
        // Each repository has all its 15 fields.
        valueCount: 8 + repositories * 15,
        issueCount: 0,
      });
      return statements;
    }
  });
});

describe("what Firestore cannot hold", () => {
  test("is normalized just the same", async () => {
    const flat = await source(
      flatMap({ big: "int", id: "text", deep: "text", lists: "text", __name__: "text" }),
    );
    const { id, path } = await file(
      flat,
      '{"big": 9007199254740993, "id": 9007199254740993, "lists": [["a"], ["b"]], "__name__": "x"}',
    );
    expect((await firestore().doc(path).get()).get("data")).toBeNull();
    expect(await normalize(path)).toMatchObject({ state: "NORMALIZED", valueCount: 3, issueCount: 1 });
    expect((await valuesOf(db, flat.id)).map(({ name, type, value }) => [name, type, value])).toEqual([
      ["__name__", "text", "x"],
      ["big", "bigint", "9007199254740993"],
      ["id", "text", "9007199254740993"],
    ]);
    expect(await issuesOf(db, id)).toEqual([
      { path: "lists", expected: "text, or a list of texts", received: "a list of 2" },
    ]);
  });
});

describe("PostgreSQL stores exactly what came:", () => {
  test("any text", async () => {
    const map = normalizationMap.parse({
      Source: "texts",
      Mappings: [
        {
          SourceField: "list",
          DataType: "nested",
          MeasurementName: "list",
          NestedMappings: [{ SourceField: "t", DataType: "paragraph", MeasurementName: "t" }],
        },
      ],
    });
    const texts = await source(map);
    const odd = [
      "",
      " ",
      "NULL",
      "null",
      "{}",
      '{"a"}',
      "a,b",
      '"',
      "\\",
      "\\\\",
      "'",
      "a\nb",
      "\u2028",
      "😀",
      "%s",
      "$1",
    ];
    const any = fc.sample(fc.string({ unit: "binary" }), 300).filter((text) => !text.includes("\0"));
    const list = [...odd, ...any].map((t, id) => ({ id, t }));
    const { path } = await file(texts, JSON.stringify({ list }));
    expect(await normalize(path)).toMatchObject({ valueCount: list.length, issueCount: 0 });
    const stored = new Map((await valuesOf(db, texts.id)).map(({ item, value }) => [item, value]));
    for (const { id, t } of list) expect(stored.get(String(id))).toBe(t);
  });

  test.each<[type: string, json: string, table: string, value: string]>([
    ["float", "5e-324", "float", "5e-324"],
    ["float", "1.7976931348623157e308", "float", "1.7976931348623157e+308"],
    ["float", "0.1", "float", "0.1"],
    ["int", "2147483647", "int", "2147483647"],
    ["int", "2147483648", "bigint", "2147483648"],
    ["int", '"123456789012345678901234567890"', "bigint", "123456789012345678901234567890"],
    ["date", '"0001-01-01"', "date", "0001-01-01 00:00:00"],
    ["date", '"9999-12-31 23:59:59.999999"', "date", "9999-12-31 23:59:59.999"],
    ["bool", "true", "bool", "true"],
    ["link", '"/r/x"', "link", "/r/x"],
    ["image", '"https://x/i.png"', "image", "https://x/i.png"],
    ["comment", '"nice"', "comment", "nice"],
  ])("%s %s", async (type, json, table, value) => {
    const flat = await source(flatMap({ field: type }));
    const { path } = await file(flat, `{"field": ${json}}`);
    expect(await normalize(path)).toMatchObject({ state: "NORMALIZED", valueCount: 1 });
    expect(await valuesOf(db, flat.id)).toMatchObject([{ type: table, value }]);
  });
});

test("what does not fit is an issue, and the rest is stored", async () => {
  const producthunt = await source(contractMap("producthunt"));
  const answer = {
    name: "X\0",
    overall_rating: "4,8 of 5",
    review_count: 4.8,
    followers: "1200",
    reviews: [{ text: "ok", date: "2024-02-30 10:11:12" }, "?"],
  };
  const { id, path } = await file(producthunt, JSON.stringify(answer));
  expect(await normalize(path)).toMatchObject({ state: "NORMALIZED", valueCount: 2, issueCount: 5 });
  expect(await issuesOf(db, id)).toEqual([
    { path: "name", expected: "text without NUL characters", received: '"X\\u0000"' },
    { path: "overall_rating", expected: "a finite number", received: '"4,8 of 5"' },
    { path: "review_count", expected: "an integer", received: "4.8" },
    {
      path: "reviews[0].date",
      expected: "a date (YYYY-MM-DD), with or without a time and a zone",
      received: '"2024-02-30 10:11:12"',
    },
    { path: "reviews[1]", expected: "an object", received: '"?"' },
  ]);
  expect((await valuesOf(db, producthunt.id)).map(({ value }) => value)).toEqual(["1200", "ok"]);
});

test("an answer without any value is normalized too", async () => {
  const flat = await source(flatMap({ a: "int" }));
  const { id, path } = await file(flat, "{}");
  expect(await normalize(path)).toEqual({ state: "NORMALIZED", mapVersion: 1, valueCount: 0, issueCount: 0 });
  expect((await batchOf(id)).fields).toMatchObject({ value_count: 0 });
});

describe("series of an earlier backend or the web application", () => {
  const series = z.object({ id: z.int(), isCanonical: z.boolean() });

  test("are used, the oldest of each, and not doubled again", async () => {
    const flat = await source(flatMap({ a: "int" }));
    const [measurement] = flat.map.Mappings;
    const insert = `insert into company_source_measurement (source_measurement_id, company_id)
                    values ($1, $2), ($1, $2) returning company_measurement_id as id, is_canonical`;
    const legacy = await selectRows(db, series, insert, [measurement?.source_measurement_id, flat.companyId]);
    const documents = await Promise.all([1, 2, 3, 4].map((a) => file(flat, `{"a": ${a}}`)));
    await Promise.all(documents.map(({ path }) => normalize(path)));
    const rows = await selectRows(
      db,
      series,
      `select company_measurement_id as id, is_canonical from company_source_measurement
        where source_measurement_id = $1 order by 1`,
      [measurement?.source_measurement_id],
    );
    expect(rows).toEqual(legacy.map(({ id }, index) => ({ id, isCanonical: index === 0 })));
    const used = await db.query(
      "select distinct company_measurement_id as id from measurement_int_value where company_measurement_id = any ($1)",
      [legacy.map(({ id }) => id)],
    );
    expect(used.rows).toEqual([{ id: legacy[0]?.id }]);
  });
});

test("a measurement that was removed makes issues, not a crash", async () => {
  const github = await source(contractMap("github"));
  const repositories = github.map.Mappings.find(({ DataType }) => DataType === "nested");
  await db.query("delete from source_measurement where id = $1", [repositories?.source_measurement_id]);
  const { id, path } = await file(github, contractAnswer("github"));
  const outcome = await normalize(path);
  expect(outcome).toMatchObject({ state: "NORMALIZED", valueCount: 8, issueCount: 27 });
  expect(await documentState(db, id)).toMatchObject({ valueCount: 8, issueCount: 27 });
  const issues = await issuesOf(db, id);
  expect(issues).toHaveLength(27);
  expect(issues).toContainEqual({
    path: "repos[0].stars",
    expected: expect.stringMatching(/^measurement \d+, which was removed$/),
    received: "10",
  });
});
