import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { ModuleSource } from "../../../../domain/miningModule/miningModule.ts";
import type { ModuleError } from "../../../../domain/miningModule/moduleError.ts";
import { blobStore } from "../../../blobStore.ts";
import { history } from "./history.ts";
import { parseDate } from "./observations.ts";

const SHARES = `symbol,date,price,volume,note
MSFT,Jan 1 2000,39.81,12,first
AMZN,Feb 1 2000,68.87,9007199254740993,
MSFT,Mar 1 2000,43.22,NA,"a, quoted note"
MSFT,2000-02-01,36.35,7,
IBM,Feb 30 2000,1,1,
IBM,Mar 1 2000,2,2,
GOOG,Mar 1 2000,1,234,5,six
`;

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "parma-history-"));
  await mkdir(join(directory, "history"));
  process.env.BLOB_STORE = pathToFileURL(directory).href;
  await write("shares.csv", SHARES);
});

afterAll(() => rm(directory, { recursive: true, force: true }));

const write = (file: string, text: string) => writeFile(join(directory, "history", file), text);

const params = {
  file: "shares.csv",
  companyColumn: "symbol",
  dateColumn: "date",
  measurements: { price: { name: "share price", type: "float" }, volume: { type: "int" } },
};

const sourceOf = (additionalParams: unknown): ModuleSource => ({
  id: 3,
  name: "shares",
  endpoint: "builtin:history",
  additionalParams,
});

interface Filed {
  readonly rawData: Readonly<Record<string, unknown>>;
  readonly observedAt: string | undefined;
}

async function mine(
  key: string[],
  {
    cursor,
    additionalParams = params,
    signal = new AbortController().signal,
  }: { cursor?: string; additionalParams?: unknown; signal?: AbortSignal } = {},
) {
  const filed: Filed[] = [];
  const outcome = await history
    .mine({
      source: sourceOf(additionalParams),
      company: { id: 12, name: "Microsoft" },
      identifiers: { key },
      cursor,
      signal,
      now: new Date("2024-03-01T00:00:00Z"),
      fileRawDocument: async (rawData, observedAt) => {
        filed.push({ rawData, observedAt: observedAt?.toISOString() });
      },
    })
    .then(
      (result) => ({ cursor: result.cursor, failure: undefined }),
      (failure: ModuleError) => ({ cursor: undefined, failure }),
    );
  return { filed, ...outcome };
}

describe("the built-in history module", () => {
  test("files a company's observations, oldest first, each at its date", async () => {
    await expect(mine(["MSFT"])).resolves.toEqual({
      failure: undefined,
      cursor: "2000-03-01T00:00:00.000Z",
      filed: [
        { rawData: { date: "Jan 1 2000", price: 39.81, volume: 12 }, observedAt: "2000-01-01T00:00:00.000Z" },
        { rawData: { date: "2000-02-01", price: 36.35, volume: 7 }, observedAt: "2000-02-01T00:00:00.000Z" },
        { rawData: { date: "Mar 1 2000", price: 43.22 }, observedAt: "2000-03-01T00:00:00.000Z" },
      ],
    });
  });

  test("files only what is new after that", async () => {
    const cursor = "2000-03-01T00:00:00.000Z";
    await expect(mine(["MSFT"], { cursor })).resolves.toEqual({ filed: [], cursor, failure: undefined });

    await write("longer.csv", `${SHARES}MSFT,Apr 1 2000,28.37,3,\n`);
    const longer = await mine(["MSFT"], { cursor, additionalParams: { ...params, file: "longer.csv" } });
    expect(longer.filed.map(({ rawData }) => rawData.price)).toEqual([28.37]);
    expect(longer.cursor).toBe("2000-04-01T00:00:00.000Z");
  });

  test("does not go back where the file has become shorter", async () => {
    const cursor = "2010-03-01T00:00:00.000Z";
    await expect(mine(["MSFT"], { cursor })).resolves.toMatchObject({ filed: [], cursor });
  });

  test("keeps the digits of an integer that no number can hold", async () => {
    const { filed } = await mine(["AMZN"]);
    expect(filed[0]?.rawData.volume).toBe("9007199254740993");
  });

  test.each([
    ["a date that is none", "IBM", 'history/shares.csv, line 6: date "Feb 30 2000" is not a date'],
    [
      "cells that do not fit the header",
      "GOOG",
      "history/shares.csv, line 8: Invalid Record Length: columns length is 5, got 6",
    ],
  ])("names the line of %s and files nothing of that company", async (_what, key, message) => {
    const { filed, failure } = await mine([key]);
    expect(filed).toEqual([]);
    expect(failure).toMatchObject({ type: "UnreadableHistory", retryable: false });
    expect(failure?.message).toContain(message);
  });

  test.each([
    ["1,5x", "float", 'history/number.csv, line 3: price "1,5x" is not a number'],
    ["1e999", "float", 'history/number.csv, line 3: price "1e999" is not a number'],
    ["4.8", "int", 'history/number.csv, line 3: price "4.8" is not an integer'],
    ["0x10", "int", 'history/number.csv, line 3: price "0x10" is not an integer'],
  ])("names the line of the number %s (%s)", async (cell, type, message) => {
    await write("number.csv", `symbol,date,price\nA,2000-01-01,1\nA,2000-01-02,"${cell}"\n`);
    const { failure, filed } = await mine(["A"], {
      additionalParams: { ...params, file: "number.csv", measurements: { price: { type } } },
    });
    expect(failure?.message).toBe(message);
    expect(filed).toEqual([]);
  });

  test.each([
    [
      "an unclosed quote",
      'symbol,date,price,volume\nA,2000-01-01,"1,2\n',
      "history/broken.csv, line 2: Quote Not Closed",
    ],
    [
      "a missing column",
      "symbol,date,volume\n",
      "line 1: there is no column price, only symbol, date, volume",
    ],
    ["a column that is there twice", "symbol,date,price,volume,price\n", 'there are two columns "price"'],
    ["an empty file", "", "line 1: there is no column symbol, date, price, volume"],
  ])("explains %s", async (_what, text, message) => {
    await write("broken.csv", text);
    const { failure } = await mine(["A"], { additionalParams: { ...params, file: "broken.csv" } });
    expect(failure).toMatchObject({ type: "UnreadableHistory", retryable: false });
    expect(failure?.message).toContain(message);
  });

  test("parses a file once for all its companies, and anew when it changes", async () => {
    const rows = Array.from({ length: 1000 }, (_, index) => `C${index},2000-01-01,${index}`);
    await write("many.csv", `symbol,date,price\n${rows.join("\n")}\n`);
    const reads = jest.spyOn(blobStore(), "read");
    const many = { ...params, file: "many.csv", measurements: { price: { type: "int" } } };
    const filed = await Promise.all(
      rows.map(async (_row, index) => (await mine([`C${index}`], { additionalParams: many })).filed),
    );
    expect(filed.map(([first]) => first?.rawData.price)).toEqual(rows.map((_row, index) => index));
    expect(reads).toHaveBeenCalledTimes(1);

    await write("many.csv", "symbol,date,price\nC0,2000-01-01,5000\n");
    expect((await mine(["C0"], { additionalParams: many })).filed[0]?.rawData.price).toBe(5000);
    expect(reads).toHaveBeenCalledTimes(2);
    reads.mockRestore();
  });

  test("explains a company that has no row", async () => {
    const { failure } = await mine(["NONE"]);
    expect(failure).toMatchObject({ type: "NotFound", retryable: false });
    expect(failure?.message).toBe("history/shares.csv has no row where symbol is NONE");
  });

  test.each([
    [
      "no such file",
      { ...params, file: "missing.csv" },
      "There is no file history/missing.csv in the blob store",
    ],
    ["a path for a file", { ...params, file: "../secret" }, "expected a file name"],
    ["no params at all", null, "The additional_params of data source shares do not describe a history"],
    ["an unknown type", { ...params, measurements: { price: { type: "money" } } }, "measurements.price.type"],
  ])("explains %s", async (_what, additionalParams, message) => {
    const { failure } = await mine(["MSFT"], { additionalParams });
    expect(failure).toMatchObject({ retryable: false });
    expect(failure?.message).toContain(message);
  });

  test("stops when its time is over", async () => {
    const { filed, failure } = await mine(["MSFT"], { signal: AbortSignal.abort() });
    expect(filed).toEqual([]);
    expect(failure).toMatchObject({ type: "Timeout", retryable: true });
  });

  test("finds a company by its name, whatever the case", async () => {
    const discover = (name: string) => history.discover({ id: 12, name }, sourceOf(params), new Date(0));
    await expect(discover(" msft")).resolves.toEqual({
      identifiers: { key: ["MSFT"] },
      validity: new Date("1970-06-30T00:00:00Z"),
    });
    await expect(discover("Microsoft")).resolves.toMatchObject({ identifiers: { key: [] } });
  });

  test("describes the measurements that its params name", async () => {
    await expect(history.describe(sourceOf(params))).resolves.toEqual({
      frequency: "monthly",
      map: {
        Source: "shares",
        Mappings: [
          { SourceField: "price", DataType: "float", MeasurementName: "share price" },
          { SourceField: "volume", DataType: "int", MeasurementName: "volume" },
        ],
      },
    });
  });

  test("measures every other column where its params name none", async () => {
    const { map } = await history.describe(sourceOf({ ...params, measurements: undefined }));
    expect(map.Mappings.map(({ SourceField, DataType }) => [SourceField, DataType])).toEqual([
      ["price", "float"],
      ["volume", "float"],
      ["note", "text"],
    ]);
    const { filed } = await mine(["MSFT"], { additionalParams: { ...params, measurements: undefined } });
    expect(filed[2]?.rawData).toEqual({ date: "Mar 1 2000", price: 43.22, note: "a, quoted note" });
  });
});

describe("dates", () => {
  test.each([
    ["Jan 1 2000", "2000-01-01T00:00:00.000Z"],
    ["December 31, 1999", "1999-12-31T00:00:00.000Z"],
    ["Feb 29 2004", "2004-02-29T00:00:00.000Z"],
    ["2000-01-01", "2000-01-01T00:00:00.000Z"],
    ["2000-01-01T12:30:00+02:00", "2000-01-01T10:30:00.000Z"],
    ["2000-01-01 12:30:00", "2000-01-01T12:30:00.000Z"],
  ])("%s is %s", (text, instant) => {
    expect(parseDate(text)?.toISOString()).toBe(instant);
  });

  test.each(["", "Feb 30 2000", "Foo 1 2000", "2000-13-01", "1/2/2000", "Jan 1 00", "946684800"])(
    "%p is no date",
    (text) => {
      expect(parseDate(text)).toBeUndefined();
    },
  );
});
