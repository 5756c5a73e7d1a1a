import { describe, expect, jest, test } from "@jest/globals";
import { flatMap, openNormalizing } from "../../../test/normalizing.ts";

// The first call loads the Firestore client and warms up the emulator.
jest.setTimeout(60_000);

const { db, source, file, normalize } = openNormalizing();

describe("findings", () => {
  async function findings(sourceId: number) {
    const { rows } = await db.query(
      `select map_version, path, finding, first_seen_in from pipeline.map_finding
        where data_source_id = $1 order by path`,
      [sourceId],
    );
    return rows;
  }

  test("are told once per source and map version, and end when the field comes", async () => {
    const flat = await source(flatMap({ a: "int", b: "int" }));
    const first = await file(flat, '{"a": 1, "c": 1}');
    await normalize(first.path);
    const unmapped = { map_version: 1, path: "c", finding: "NOT_MAPPED", first_seen_in: first.id };
    expect(await findings(flat.id)).toEqual([
      { map_version: 1, path: "b", finding: "NEVER_CAME", first_seen_in: null },
      unmapped,
    ]);

    const versions = () =>
      db.query(
        "select xmin::text, xmax::text, path from pipeline.map_field where data_source_id = $1 order by path",
        [flat.id],
      );
    const before = (await versions()).rows;
    await normalize((await file(flat, '{"a": 2, "c": 2}')).path);
    expect((await versions()).rows).toEqual(before);

    await normalize((await file(flat, '{"b": null, "c": 3}')).path);
    expect(await findings(flat.id)).toEqual([unmapped]);
  });

  test("stay a list that a person can read", async () => {
    const flat = await source(flatMap({ a: "int" }));
    await db.query(
      `insert into pipeline.map_field (data_source_id, map_version, path, is_mapped, first_seen_in)
       select $1, 1, 'id' || n, false, 'x' from generate_series(1, 2000) n`,
      [flat.id],
    );
    await normalize((await file(flat, '{"a": 1, "another": 1}')).path);
    const { rows } = await db.query(
      "select path from pipeline.map_field where path in ('a', 'another') and data_source_id = $1",
      [flat.id],
    );
    expect(rows).toEqual([{ path: "a" }]);
  });
});
