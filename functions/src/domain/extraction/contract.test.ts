import { expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { documentState, issuesOf, valuesOf } from "../../../test/normalized.ts";
import { contractAnswer, contractMap, NOW, OBSERVED_AT, openNormalizing } from "../../../test/normalizing.ts";
import { selectRows } from "../../platform/postgres.ts";

// The first call loads the Firestore client and warms up the emulator.
jest.setTimeout(60_000);

const { db, source, file, normalize } = openNormalizing();

const EMPTY = "https://github.com/TestOrg/Empty";
const REPO = "https://github.com/TestOrg/TestRepo";
const COMMENT = expect.stringMatching(/^all\/12\/sha256:/);

/** Measurement, item, type and value, of everything that the module's answer says. */
const EXPECTED: Record<string, [name: string, item: unknown, type: string, value: string][]> = {
  affinity: [
    ["affinity company id", "", "int", "123"],
    ["company name", "", "text", "TestOrg"],
    ["company domain", "", "text", "test.com"],
    ["company all domains", "", "text", '["test.com","test.de"]'],
  ],
  discord: [
    ["server id", "", "text", "428295358100013066"],
    ["server name", "", "text", "Solana Tech"],
    ["server description", "", "paragraph", "Developers' server"],
    ["server features", "", "text", '["ANIMATED_ICON"]'],
    ["server owner id", "", "text", "364863542984114179"],
    ["server region", "", "text", "us-west"],
    ["server max presences", "", "int", "0"],
    ["server max members", "", "int", "500000"],
    ["server language code", "", "text", "en-US"],
    ["server premium tier", "", "int", "3"],
    ["server premium subscription count", "", "int", "18"],
    ["server member count", "", "int", "131799"],
    ["server active member count", "", "int", "9129"],
  ],
  github: [
    ["company name", "", "text", "TestOrg"],
    ["company description", "", "text", "A test organization"],
    ["github url", "", "link", "https://github.com/TestOrg"],
    ["repositories > repository name", EMPTY, "text", "Empty"],
    ["repositories > repository name", REPO, "text", "TestRepo"],
    ["repositories > repository description", REPO, "paragraph", "A test repository"],
    ["repositories > repository primary language", REPO, "text", "Python"],
    ["repositories > repository creation date", EMPTY, "date", "2022-01-01 10:11:12"],
    ["repositories > repository creation date", REPO, "date", "2021-01-01 00:00:00"],
    ["repositories > repository last updated date", EMPTY, "date", "2022-01-02 00:00:00.123"],
    ["repositories > repository last updated date", REPO, "date", "2021-01-02 00:00:00"],
    ["repositories > repository last pushed date", REPO, "date", "2021-01-03 00:00:00"],
    ["repositories > repository html url", EMPTY, "link", EMPTY],
    ["repositories > repository html url", REPO, "link", REPO],
    ["repositories > repository clone url", EMPTY, "link", `${EMPTY}.git`],
    ["repositories > repository clone url", REPO, "link", `${REPO}.git`],
    ["repositories > repository svn url", EMPTY, "link", EMPTY],
    ["repositories > repository svn url", REPO, "link", REPO],
    ["repositories > repository homepage url", EMPTY, "link", ""],
    ["repositories > repository homepage url", REPO, "link", "https://testrepo.com"],
    ["repositories > repository size", EMPTY, "int", "0"],
    ["repositories > repository size", REPO, "int", "100"],
    ["repositories > repository watchers count", EMPTY, "int", "0"],
    ["repositories > repository watchers count", REPO, "int", "5"],
    ["repositories > repository open issues count", EMPTY, "int", "0"],
    ["repositories > repository open issues count", REPO, "int", "2"],
    ["repositories > repository stars", EMPTY, "int", "0"],
    ["repositories > repository stars", REPO, "int", "10"],
    ["repositories > repository forks", EMPTY, "int", "0"],
    ["repositories > repository forks", REPO, "int", "3"],
    ["total repository size", "", "int", "100"],
    ["total watchers count", "", "int", "5"],
    ["total open issues count", "", "int", "2"],
    ["total repository stars", "", "int", "10"],
    ["total repository forks", "", "int", "3"],
  ],
  linkedin: [
    ["company name", "", "text", "Test Company"],
    ["linkedin id of company", "", "text", "123"],
    ["linkedin profile url", "", "link", "https://www.linkedin.com/company/test"],
    ["advertisement rule for company", "", "text", "NONE"],
    ["number of employees in company", "", "int", "100"],
    ["is company active", "", "bool", "true"],
    ["url for job search", "", "link", "https://www.linkedin.com/jobs/search?f_C=123"],
    ["phone number of company", "", "text", "123-456"],
    ["tagline of company", "", "text", "We test"],
    ["description of company", "", "text", "A company that tests."],
    ["website of company", "", "link", "https://test.com"],
    ["logo url of company", "", "link", "https://media.licdn.com/logo.png"],
    ["number of followers of company", "", "int", "1000"],
    ["universal name of company", "", "text", "test"],
    ["headquarter city of company", "", "text", "Munich"],
    ["headquarter country of company", "", "text", "DE"],
    ["headquarter postal code of company", "", "text", "12345"],
    ["industries of company", "", "text", '["Software","Testing, Inspection"]'],
    ["locations of company", "", "text", '["Munich","Berlin"]'],
    ["specialities of company", "", "text", "[]"],
    ["founded year of company", "", "int", "2000"],
    ["founded month of company", "", "int", "1"],
  ],
  producthunt: [
    ["product name", "", "text", "X"],
    ["product overall rating", "", "float", "4.8"],
    ["product review count", "", "int", "2"],
    ["product followers count", "", "int", "1200"],
    ["product reviews > review text", expect.stringMatching(/^sha256:/), "comment", "Great tool"],
    ["product reviews > review text", expect.stringMatching(/^sha256:/), "comment", "Not for me"],
    ["product reviews > review date", expect.stringMatching(/^sha256:/), "date", "2024-01-05 10:11:12"],
    ["product reviews > review date", expect.stringMatching(/^sha256:/), "date", "2024-02-06 00:00:00"],
  ],
  reddit: [
    ["company name", "", "text", "langfuse"],
    ["post searches on a subreddit > name of subreddit", "all", "text", "all"],
    ["post searches on a subreddit > name of subreddit", "startups", "text", "startups"],
    ...[
      ["author of submission", "text", "a"],
      ["comment count of submission", "int", "2"],
      ["submission creation date", "date", "2018-11-29 09:05:06"],
      ["id of submission", "text", "12"],
      ["is submission original content", "bool", "false"],
      ["does submission contain self text", "bool", "true"],
      ["is submission video", "bool", "false"],
      ["is submission over 18", "bool", "false"],
      ["permalink of submission", "link", "/r/x"],
      ["like count of submission", "int", "29"],
      ["name of subreddit", "text", "x"],
      ["description of subreddit", "text", "about x"],
      ["subscriber count of subreddit", "int", "2"],
      ["title of submission", "text", "t"],
      ["text of submission", "paragraph", "the text"],
      ["rate of upvotes to downvotes", "float", "0.89"],
      ["url of submission", "link", "https://example.com/t"],
    ].map(([name, type = "", value = ""]): [string, string, string, string] => [
      `post searches on a subreddit > submissions on reddit > ${name}`,
      "all/12",
      type,
      value,
    ]),
    ...[
      ["author name of comment", "text", "b"],
      ["text of comment", "paragraph", "comment"],
      ["text of comment", "paragraph", "comment"],
      ["upvote count of of comment", "int", "1"],
      ["upvote count of of comment", "int", "2"],
      ["downvote count of comment", "int", "0"],
      ["downvote count of comment", "int", "1"],
    ].map(([name, type = "", value = ""]): [string, unknown, string, string] => [
      `post searches on a subreddit > submissions on reddit > comments of the submission > ${name}`,
      COMMENT,
      type,
      value,
    ]),
  ],
};

/** Findings of each map: unmapped fields that came, and mapped ones that did not. */
const FINDINGS: Record<string, [path: string, finding: string][]> = {
  reddit: [
    ["searches.submissions.homepage", "NEVER_CAME"],
    ["submissions", "NOT_MAPPED"],
  ],
};

test.each(Object.keys(EXPECTED))("%s: every value arrives, and nothing else", async (name) => {
  const module = await source(contractMap(name));
  const { id, path } = await file(module, contractAnswer(name));
  const expected = EXPECTED[name] ?? [];

  expect(await normalize(path)).toEqual({
    state: "NORMALIZED",
    mapVersion: 1,
    valueCount: expected.length,
    issueCount: 0,
  });

  const values = await valuesOf(db, module.id);
  const inOrder = (rows: unknown[][]) => rows.map((row) => [row[0], row[2], row[3], row[1]]).sort(byText);
  expect(inOrder(values.map((row) => [row.name, row.item, row.type, row.value]))).toEqual(inOrder(expected));
  for (const value of values) {
    expect(value).toMatchObject({ timestamp: OBSERVED_AT, rawDocumentId: id, modifiedAt: NOW });
  }
  expect(await issuesOf(db, id)).toEqual([]);
  expect(await documentState(db, id)).toMatchObject({ state: "NORMALIZED", reason: null });
  expect(await findingsOf(module.id)).toEqual(FINDINGS[name] ?? []);
  await expectSeriesOf(module.id, module.companyId);
});

function byText(one: unknown[], other: unknown[]): number {
  const [a, b] = [JSON.stringify(one.slice(0, 3)), JSON.stringify(other.slice(0, 3))];
  return a < b ? -1 : Number(a > b);
}

async function findingsOf(sourceId: number) {
  const rows = await selectRows(
    db,
    z.object({ path: z.string(), finding: z.string() }),
    "select path, finding from pipeline.map_finding where data_source_id = $1 order by path",
    [sourceId],
  );
  return rows.map(({ path, finding }) => [path, finding]);
}

/** One canonical series for each measurement with values, and for each nested one around them. */
async function expectSeriesOf(sourceId: number, companyId: number): Promise<void> {
  const rows = await selectRows(
    db,
    z.object({ name: z.string(), type: z.string(), parent: z.string().nullable() }),
    `select m.measurement_name as name, m.type, p.measurement_name as parent
       from company_source_measurement series
       join source_measurement m on m.id = series.source_measurement_id
       left join source_measurement p on p.id = m.parent_measurement_id
      where m.source_module_id = $1 and series.company_id = $2 and series.is_canonical`,
    [sourceId, companyId],
  );
  const withValues = new Set((await valuesOf(db, sourceId)).map(({ name }) => name));
  const nested = rows.filter(({ type }) => type === "nested").map(({ name }) => name);
  expect(rows).toHaveLength(withValues.size + nested.length);
  const parents = rows.flatMap(({ parent }) => (parent === null ? [] : [parent]));
  expect(nested).toEqual(expect.arrayContaining(parents));
}
