import { z } from "zod";
import { type Database, selectRows } from "../../functions/src/platform/postgres.ts";
import { UserError } from "../userError.ts";

/** A data source as a user enters it in the web application. */
export interface Source {
  readonly name: string;
  readonly endpoint: string;
  readonly additionalParams?: object;
  readonly companies: readonly SourceCompany[];
}

/** A company of a source, with the identifier that a user would enter for it. */
interface SourceCompany {
  readonly name: string;
  readonly property: string;
  readonly value: string;
}

const INSERT_SOURCES = `
  insert into data_source
    (source_name, is_active, frequency, health_status, invocation_endpoint, additional_params, modified_at)
  select name, true, 'WEEKLY', 'UP', endpoint, params, now()
    from jsonb_to_recordset($1) as source (name text, endpoint text, params jsonb)
  returning id, source_name as name`;

// Triggers link every company to every source; unwanted links are removed again.
const INSERT_COMPANIES = `
  insert into company (name, modified_at)
  select distinct name, now() from jsonb_to_recordset($1) as company (name text)`;

const REMOVE_OTHER_LINKS = `
  delete from company_data_source link
   using company c, data_source d
   where c.id = link.company_id and d.id = link.data_source_id
     and not exists (
       select from jsonb_to_recordset($1) as wanted (source text, name text)
        where wanted.source = d.source_name and wanted.name = c.name
     )`;

const INSERT_IDENTIFIERS = `
  insert into company_data_source_identifier
    (company_data_source_id, identifier_type, property, value, validity)
  select link.id, 'MANUALLY_ADDED', wanted.property, wanted.value, now() + interval '6 months'
    from jsonb_to_recordset($1) as wanted (source text, name text, property text, value text)
    join company c on c.name = wanted.name
    join data_source d on d.source_name = wanted.source
    join company_data_source link on link.company_id = c.id and link.data_source_id = d.id`;

// One at a time: each concurrent call would start a process in the emulator, which takes longer than the call.
const CALLS_IN_FLIGHT = 1;

/** Writes sources, companies and identifiers as the web application does when a user enters them. */
export async function registerSources<S extends Source>(
  db: Database,
  sources: readonly S[],
): Promise<(S & { readonly id: number })[]> {
  const rows = await selectRows(db, z.object({ id: z.number(), name: z.string() }), INSERT_SOURCES, [
    JSON.stringify(
      sources.map(({ name, endpoint, additionalParams }) => ({
        name,
        endpoint,
        params: { calls_in_flight: CALLS_IN_FLIGHT, ...additionalParams },
      })),
    ),
  ]);
  const companies = JSON.stringify(
    sources.flatMap((source) => source.companies.map((company) => ({ ...company, source: source.name }))),
  );
  for (const statement of [INSERT_COMPANIES, REMOVE_OTHER_LINKS, INSERT_IDENTIFIERS]) {
    await db.query(statement, [companies]);
  }
  return sources.flatMap((source) =>
    rows.filter(({ name }) => name === source.name).map(({ id }) => ({ ...source, id })),
  );
}

const frequency = z.object({ frequency: z.enum(["hourly", "daily", "weekly", "monthly"]) });

/** Does the handshake with a source's module and stores the frequency it asks for. */
export async function handshake(
  db: Database,
  baseUrl: string,
  source: { readonly id: number; readonly endpoint: string },
): Promise<void> {
  const url = new URL("/handshake", baseUrl);
  url.searchParams.set("invocation_endpoint", source.endpoint);
  url.searchParams.set("data_source_id", String(source.id));
  const answer = frequency.parse(await getJson(url));
  await db.query("update data_source set frequency = $2::frequency, modified_at = now() where id = $1", [
    source.id,
    answer.frequency.toUpperCase(),
  ]);
}

/** Starts what is due, as the web application does. */
export async function startDueTasks(baseUrl: string): Promise<void> {
  await getJson(new URL("/schedule", baseUrl));
}

// Each waits for 50 s: as long as the slowest handshake takes.
const MAX_ASKS = 3;

/** @throws UserError unless the answer is a 200; a 202 asks again for it */
async function getJson(url: URL, asked = 1): Promise<unknown> {
  const response = await fetch(url);
  const text = await response.text();
  if (response.status === 202 && asked < MAX_ASKS) return getJson(url, asked + 1);
  if (response.status !== 200)
    throw new UserError(`GET ${url.pathname} was answered ${response.status}: ${text}`);
  return JSON.parse(text);
}
