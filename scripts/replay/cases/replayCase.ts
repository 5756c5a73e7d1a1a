import "../quiet.ts";

import { databaseOf, openPool } from "../../../functions/src/platform/postgres.ts";
import { testDatabase } from "../../../functions/test/database.ts";
import { setLinkSettings } from "../../../functions/test/subscribers.ts";
import { type Replayed, replay } from "../replay.ts";
import { parseReplayFile } from "../replayFile.ts";

/** A field of a map, in short. */
export function field(
  name: string,
  type = "float",
  more: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return { SourceField: name, DataType: type, MeasurementName: name, ...more };
}

/** A nested list of a map, in short. */
export function list(
  name: string,
  fields: readonly unknown[],
  more: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return field(name, "nested", { NestedMappings: fields, ...more });
}

/** What is replayed: one document a day at 06:00, unless a document says otherwise. */
export interface ReplayCase {
  readonly map: readonly unknown[];
  readonly rules?: readonly unknown[];
  readonly frequency?: string;
  readonly days?: readonly object[];
  readonly documents?: readonly object[];
}

const START = Date.UTC(2026, 2, 2, 6);

/** The time of a day of the replay, counted from 0. */
export function day(number: number, hour = 6): string {
  return new Date(START + number * 86_400_000 + (hour - 6) * 3_600_000).toISOString();
}

/** Replays a case on a database of its own. */
export async function replayed({
  map,
  rules = [],
  frequency,
  days = [],
  documents,
}: ReplayCase): Promise<Replayed> {
  const file = parseReplayFile(
    JSON.stringify({
      map,
      rules,
      frequency,
      company: { name: "Acme", domains: ["acme.example"] },
      documents: documents ?? days.map((data, number) => ({ observedAt: day(number), data })),
    }),
  );
  const database = await testDatabase();
  const unset = setLinkSettings();
  const pool = await openPool({ DATABASE_URL: database.url });
  try {
    return await replay(databaseOf(pool), file);
  } finally {
    await pool.end();
    unset();
    await database.drop();
  }
}

/** The titles of the news, in order. */
export function titles({ news }: Replayed): string[] {
  return news.map(({ title }) => title);
}

/** The states of the documents, in order. */
export function states({ documents }: Replayed): string[] {
  return documents.map(({ state }) => state);
}
