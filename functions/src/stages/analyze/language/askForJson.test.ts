import { beforeEach, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { openOpenai } from "../../../../test/openOpenai.ts";
import { openTestDatabase } from "../../../../test/openTestDatabase.ts";
import {
  type Behaviour,
  fails,
  hangs,
  hangsUp,
  refuses,
  says,
  saysHtml,
  saysJson,
  stalls,
  withoutSchemas,
} from "../../../../test/standins/openai.ts";
import { LanguageError, type LanguageFailure } from "../../../adapters/languageModels/languageError.ts";
import { type Asking, askForJson } from "./askForJson.ts";

const db = openTestDatabase();
const { openai, asking, warnings } = openOpenai(db);
const NOON = new Date("2024-05-15T12:00:00Z");

let before = 0;
beforeEach(async () => {
  await db.query("truncate pipeline.language_use");
  before = openai().requests.length;
});

const calls = () => openai().requests.slice(before);

const question = {
  system: "Add the numbers.",
  user: "2 and 3",
  schema: z.object({ sum: z.int().refine((sum) => sum === 5, { error: "that is not the sum" }) }),
  purpose: "add",
  outputTokens: 100,
  now: NOON,
};

const ask = (who: Asking) => askForJson(who, question);

async function failureOf(who: Asking): Promise<LanguageError> {
  const error = await ask(who).catch((thrown: unknown) => thrown);
  if (error instanceof LanguageError) return error;
  throw new Error("No LanguageError was thrown", { cause: error });
}

async function use(): Promise<unknown[]> {
  const { rows } = await db.query(
    "select to_char(day, 'YYYY-MM-DD') as day, calls, input_tokens::int, output_tokens::int from pipeline.language_use",
  );
  return rows;
}

describe("an answer", () => {
  test("is asked for with a schema, and counted", async () => {
    openai().behave(saysJson(() => ({ sum: 5 })));
    await expect(ask(await asking({ OPENAI_MODEL: "a-model" }))).resolves.toEqual({ sum: 5 });
    expect(calls()).toMatchObject([
      {
        model: "a-model",
        max_completion_tokens: 100,
        messages: [
          { role: "system", content: "Add the numbers." },
          { role: "user", content: "2 and 3" },
        ],
        response_format: {
          json_schema: {
            name: "add",
            strict: true,
            schema: { type: "object", required: ["sum"], additionalProperties: false },
          },
        },
      },
    ]);
    expect(await use()).toEqual([{ day: "2024-05-15", calls: 1, input_tokens: 100, output_tokens: 20 }]);
  });

  test.each([
    ["in a code fence", '```json\n{"sum": 5}\n```'],
    ["with words around it", 'The sum is {"sum": 5}, I believe.'],
  ])("%s is found", async (_name, text) => {
    openai().behave(says(text));
    await expect(ask(await asking())).resolves.toEqual({ sum: 5 });
    expect(calls()).toHaveLength(1);
  });

  test("of a server that knows no schemas is asked for in words, from then on", async () => {
    openai().behave(withoutSchemas(saysJson(() => ({ sum: 5 }))));
    const who = await asking();
    await expect(ask(who)).resolves.toEqual({ sum: 5 });
    await expect(ask(who)).resolves.toEqual({ sum: 5 });
    expect(calls().map(({ response_format: format }) => format !== undefined)).toEqual([true, false, false]);
    expect(calls()[1]?.messages[0]?.content).toMatch(/^Add the numbers\..*JSON Schema.*"sum"/s);
  });

  test("of a server that does not count costs what was reserved for it", async () => {
    openai().behave(says('{"sum":5}', null));
    await ask(await asking());
    expect(await use()).toMatchObject([{ calls: 1, output_tokens: 100 }]);
  });

  test.each<[string, Behaviour]>([
    ["no JSON", says("five")],
    ["JSON that is cut off", says('{"sum": 5')],
    ["the wrong fields", saysJson(() => ({ total: 5 }))],
    ["a wrong value", saysJson(() => ({ sum: 6 }))],
  ])("that is %s is told what is wrong, and asked again", async (_name, wrong) => {
    openai().behave(
      wrong,
      saysJson(() => ({ sum: 5 })),
    );
    await expect(ask(await asking())).resolves.toEqual({ sum: 5 });
    expect(calls()[1]?.messages.map(({ role }) => role)).toEqual(["system", "user", "assistant", "user"]);
    expect(calls()[1]?.messages[3]?.content).toMatch(/cannot be used/);
    expect(await use()).toMatchObject([{ calls: 2, input_tokens: 200, output_tokens: 40 }]);
  });
});

describe("what may pass is tried three times", () => {
  test.each<[string, Behaviour, LanguageFailure, boolean]>([
    ["429", fails(429), "RateLimited", true],
    ["500", fails(500), "Unavailable", true],
    ["503", fails(503), "Unavailable", true],
    ["a connection that breaks", hangsUp(), "Disconnected", true],
    ["a refusal", refuses(), "Refused", false],
    ["an answer that never fits", saysJson(() => ({ sum: 6 })), "InvalidAnswer", false],
    ["a page of HTML", saysHtml(), "InvalidAnswer", false],
  ])("%s", async (_name, behaviour, type, retryable) => {
    openai().behave(behaviour);
    const who = await asking();
    expect(await failureOf(who)).toMatchObject({ type, retryable });
    expect(calls()).toHaveLength(3);
    const [first = 0, second = 0] = who.pauses;
    expect(who.pauses).toHaveLength(2);
    expect(first >= 500 && first <= 1000 && second >= 1000 && second <= 2000).toBe(true);
  });

  test("and is over when it has passed", async () => {
    openai().behave(
      fails(500),
      fails(429),
      saysJson(() => ({ sum: 5 })),
    );
    await expect(ask(await asking())).resolves.toEqual({ sum: 5 });
    // What the server refused has cost nothing.
    expect(await use()).toMatchObject([{ calls: 3, input_tokens: 100, output_tokens: 20 }]);
  });

  test("after as long as the server wants", async () => {
    openai().behave(
      fails(429, { retryAfter: "7" }),
      saysJson(() => ({ sum: 5 })),
    );
    const who = await asking();
    await ask(who);
    expect(who.pauses).toEqual([7000]);
  });

  test("but not where the server wants to be left alone for long", async () => {
    openai().behave(fails(429, { retryAfter: "90" }));
    expect(await failureOf(await asking())).toMatchObject({
      type: "RateLimited",
      retryable: true,
      retryAfterMs: 90_000,
    });
    expect(calls()).toHaveLength(1);
  });

  test.each([
    ["hangs", hangs()],
    ["stalls within its answer", stalls()],
  ])("a server that %s is left after the time that it has", async (_name, behaviour) => {
    openai().behave(
      behaviour,
      saysJson(() => ({ sum: 5 })),
    );
    await expect(ask(await asking({ OPENAI_TIMEOUT_SECONDS: "0.2" }))).resolves.toEqual({ sum: 5 });
    // It may have worked on the answer: what was reserved for the first call stays used.
    expect(await use()).toMatchObject([{ calls: 2, output_tokens: 120 }]);
  });

  test("a call ends when its caller's time is over, and is not made again", async () => {
    openai().behave(hangs());
    const over = new AbortController();
    const failure = failureOf(await asking({}, over.signal));
    await openai().called(before + 1);
    over.abort();
    expect(await failure).toMatchObject({ type: "Timeout" });
    expect(calls()).toHaveLength(1);
  });
});

test.each([
  ["a wrong key", { OPENAI_API_KEY: "sk-of-someone-else" }, fails(501)],
  ["a request that is never right", {}, fails(400)],
  ["an unknown model", {}, fails(404, { code: "model_not_found" })],
  ["an account without money", {}, fails(429, { code: "insufficient_quota" })],
])("%s is final at once", async (_name, environment, behaviour) => {
  openai().behave(behaviour);
  const who = await asking(environment);
  const failure = await failureOf(who);
  expect(failure).toMatchObject({ type: "Rejected", retryable: false });
  expect(who.pauses).toEqual([]);
  expect(`${failure.stack}${String(failure.cause)}`).not.toContain("sk-");
});

test.each([
  ["no key", { OPENAI_API_KEY: "" }],
  ["a key that says that there is none", { OPENAI_API_KEY: "none" }],
  ["no budget", { OPENAI_TOKENS_PER_DAY: "0" }],
])("with %s no one is asked", async (_name, environment) => {
  await expect(ask(await asking(environment))).resolves.toBeUndefined();
  expect(calls()).toEqual([]);
  expect(await use()).toEqual([]);
});

test("what is logged is why, and nothing of what was asked or answered", async () => {
  openai().behave(
    saysJson(() => ({ sum: 6 })),
    fails(500),
    saysJson(() => ({ sum: 5 })),
  );
  const since = warnings().length;
  await ask(await asking());
  const again = "The language model is asked again";
  expect(warnings().slice(since)).toEqual([
    JSON.stringify([again, { purpose: "add", failure: "InvalidAnswer" }]),
    JSON.stringify([again, { purpose: "add", failure: "Unavailable" }]),
  ]);
});

describe("the day's budget", () => {
  test("is not overrun by calls at once", async () => {
    openai().behave(saysJson(() => ({ sum: 5 })));
    // A call reserves 423 tokens and uses 120.
    const who = await asking({ OPENAI_TOKENS_PER_DAY: "1500" });
    let reserved = 0;
    let most = 0;
    const spy: Asking = {
      ...who,
      db: {
        query: async (text, values) => {
          const result = await db.query(text, values);
          const { rows } = await db.query(
            "select (input_tokens + output_tokens)::int as used from pipeline.language_use",
          );
          reserved = z.array(z.object({ used: z.int() })).parse(rows)[0]?.used ?? 0;
          most = Math.max(most, reserved);
          return result;
        },
      },
    };
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask(spy)));
    const asked = answers.filter((answer) => answer !== undefined).length;
    expect(asked).toBe(calls().length);
    expect(asked).toBeGreaterThanOrEqual(3);
    expect(asked).toBeLessThanOrEqual(Math.floor(1500 / 120));
    expect(most).toBeLessThanOrEqual(1500);
    expect(await use()).toMatchObject([
      { calls: asked, input_tokens: asked * 100, output_tokens: asked * 20 },
    ]);
  });

  test("begins anew the next day", async () => {
    openai().behave(saysJson(() => ({ sum: 5 })));
    const who = await asking({ OPENAI_TOKENS_PER_DAY: "500" });
    await expect(ask(who)).resolves.toEqual({ sum: 5 });
    await expect(ask(who)).resolves.toBeUndefined();
    const tomorrow = new Date("2024-05-16T00:00:00Z");
    await expect(askForJson(who, { ...question, now: tomorrow })).resolves.toEqual({ sum: 5 });
  });
});
