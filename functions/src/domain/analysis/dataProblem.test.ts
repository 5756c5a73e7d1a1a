import { describe, expect, jest, test } from "@jest/globals";
import { logger } from "firebase-functions/logger";
import { analyze, newsOf, pointsKnown } from "../../../test/analyzing.ts";
import { emptyTables } from "../../../test/emptyTables.ts";
import { contractAnswer, contractMap, flatMap, openNormalizing } from "../../../test/normalizing.ts";

// The first call loads the Firestore client and warms up the emulator.
jest.setTimeout(60_000);

const { db, source, file, normalize } = openNormalizing();

/** Takes documents all the way to the analysis. @returns the problems that were found */
async function take(name: string, documents: readonly string[], map = contractMap(name)) {
  const warned = jest.spyOn(logger, "warn").mockImplementation(() => undefined);
  const from = await source(map);
  await db.query(
    `insert into notification_rules (rule_name, source_measurement_id, threshold, modified_at)
     select measurement_name, id, 10, now() from source_measurement where source_module_id = $1 and type in ('int', 'float')`,
    [from.id],
  );
  for (const [index, answer] of documents.entries()) {
    const { id, path } = await file(from, answer, { observedAt: new Date(Date.UTC(2024, 4, index + 1)) });
    await normalize(path);
    await analyze(db, id);
  }
  const warnings = warned.mock.calls.length;
  warned.mockRestore();
  const { rows } = await db.query(
    "select extract(day from observed_at)::int as day, problem from pipeline.data_problem where data_source_id = $1",
    [from.id],
  );
  expect(warnings).toBe(rows.length);
  return rows;
}

/** All news of a run, without those of others in the same database. */
async function problemsAndNews(...parameters: Parameters<typeof take>) {
  await emptyTables(db);
  const problems = await take(...parameters);
  return { problems, news: (await newsOf(db)).map(({ title }) => title).toSorted(alphabetically) };
}

const alphabetically = (a: string, b: string) => (a < b ? -1 : 1);

const product = (followers: number) =>
  JSON.stringify({ ...JSON.parse(contractAnswer("producthunt")), followers });
const FAKE_ZEROS = '{"name":null,"overall_rating":null,"review_count":0,"followers":0,"reviews":[]}';

describe("a problem, and no news", () => {
  test("are producthunt's zeros, once and again; the next real answer is compared with the last real one", async () => {
    const documents = [product(1000), FAKE_ZEROS, FAKE_ZEROS, product(1500)];
    expect(await problemsAndNews("producthunt", documents)).toEqual({
      problems: [
        { day: 2, problem: expect.stringMatching(/^All numbers of the document are 0, 2 of which were not/) },
        { day: 3, problem: expect.anything() },
      ],
      news: ["TestOrg: product followers count +50%"],
    });
    const known = await pointsKnown(db);
    expect(known.find(({ name }) => name === "product followers count")?.points).toBe(2);
  });

  test("is an answer that is suddenly empty", async () => {
    const map = flatMap({ name: "text", stars: "int" });
    expect(
      await problemsAndNews("flat", ['{"name":"x","stars":5}', '{"name":null,"stars":null}'], map),
    ).toEqual({
      problems: [{ day: 2, problem: "The document is empty; the one before had 2 values" }],
      news: [],
    });
  });
});

describe("news, and no problem", () => {
  test("is one number that falls to 0 beside others", async () => {
    const map = flatMap({ name: "text", stars: "int", forks: "int" });
    const documents = ['{"name":"x","stars":5,"forks":1}', '{"name":"x","stars":0,"forks":1}'];
    expect(await problemsAndNews("flat", documents, map)).toEqual({
      problems: [],
      news: ["TestOrg: stars −100%"],
    });
  });

  test("is the only number that falls to 0 while all else stays", async () => {
    const map = flatMap({ name: "text", stars: "int" });
    const documents = ['{"name":"x","stars":5}', '{"name":"x","stars":0}'];
    expect(await problemsAndNews("flat", documents, map)).toEqual({
      problems: [],
      news: ["TestOrg: stars −100%"],
    });
  });

  test("are zeros where zeros were, and from the start", async () => {
    const map = flatMap({ a: "int", b: "int" });
    expect(await problemsAndNews("flat", ['{"a":0,"b":0}', '{"a":0,"b":0}'], map)).toEqual({
      problems: [],
      news: [],
    });
    expect(await problemsAndNews("flat", ["{}", "{}"], map)).toEqual({ problems: [], news: [] });
  });
});

test("a whole document of the contract: first silent, then one news item for each cause", async () => {
  const answer = JSON.parse(contractAnswer("github"));
  const grown = structuredClone(answer);
  grown.description = "Another description";
  grown.aggregated_sum_stars = answer.aggregated_sum_stars * 2;
  grown.repos[0].stars = answer.repos[0].stars * 2;
  grown.repos[0].pushed_at = "2024-05-02 00:00:00+00:00";
  grown.repos.push({ ...answer.repos[0], name: "Fresh", html_url: "https://github.com/TestOrg/Fresh" });
  const { problems, news } = await problemsAndNews("github", [JSON.stringify(answer), JSON.stringify(grown)]);
  expect(problems).toEqual([]);
  expect(news).toEqual([
    "TestOrg: company description changed",
    // With the repository whose stars they are, and the new one, as its parts.
    "TestOrg: total repository stars +100%",
  ]);
});

describe("a page without its content", () => {
  const page = (title: string | null, description: string | null) => JSON.stringify({ title, description });
  const REAL = page("Acme builds rockets", "We build rockets for everyone.");
  const PAGE = flatMap({ title: "text", description: "paragraph" });

  test.each([
    ["a challenge", page("Just a moment...", "Checking your browser before accessing acme.com"), "challenge"],
    [
      "a refusal",
      page("Access denied | acme.com used Cloudflare to restrict access", "You have been blocked"),
      "refusal",
    ],
    [
      "a cookie wall",
      page("Acme builds rockets", "We value your privacy. Accept all cookies"),
      "cookie wall",
    ],
    ["a login wall", page("Log In or Sign Up", "Join LinkedIn"), "login wall"],
    ["a maintenance page", page("We’ll be back soon!", "We build rockets for everyone."), "maintenance page"],
  ])("%s is a problem, and no news in either direction", async (_what, answer, kind) => {
    expect(await problemsAndNews("page", [REAL, answer, REAL], PAGE)).toEqual({
      problems: [{ day: 2, problem: expect.stringContaining(`shows a ${kind} and no content`) }],
      news: [],
    });
  });

  test("blank texts are one, twice in a row as well", async () => {
    expect(await problemsAndNews("page", [REAL, page("", " "), page("", ""), REAL], PAGE)).toEqual({
      problems: [
        { day: 2, problem: "All texts of the document are blank, which were not before" },
        { day: 3, problem: "All texts of the document are blank, which were not before" },
      ],
      news: [],
    });
  });

  test("one blank text is neither a problem nor news; what it says after that is compared with nothing", async () => {
    const documents = [REAL, page("Acme builds rockets", ""), REAL];
    expect(await problemsAndNews("page", documents, PAGE)).toEqual({ problems: [], news: [] });
  });

  test("a change across it is news", async () => {
    const documents = [
      REAL,
      page("Just a moment...", ""),
      page("Acme builds ships", "We build rockets for everyone."),
    ];
    const { problems, news } = await problemsAndNews("page", documents, PAGE);
    expect(problems).toHaveLength(1);
    expect(news).toEqual([expect.stringContaining("title")]);
  });
});
