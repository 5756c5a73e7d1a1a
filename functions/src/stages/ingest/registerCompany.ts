import { z } from "zod";
import { companyDomain, companyNameKey } from "../../domain/company/companyKey.ts";
import { ApiError } from "../../platform/apiError.ts";
import { logWarning } from "../../platform/log.ts";
import { type Database, selectRow, selectRows, type TransactionalDatabase } from "../../platform/postgres.ts";

/** A company as a CRM or a module names it: by a name, domains, or both. */
export interface NamedCompany {
  readonly name?: string | null | undefined;
  readonly domains: readonly string[];
  readonly description?: string | null | undefined;
  /** The user who asked for it; null where there is none, or no longer. */
  readonly addedBy?: number | null | undefined;
}

export interface RegisteredCompany {
  readonly id: number;
  readonly name: string;
  readonly created: boolean;
  /** It was created because several companies have its name, and nothing else said which is meant. */
  readonly isAmbiguous: boolean;
}

/**
 * Finds the company that has one of the domains, else the one of that name, else creates it; and remembers its
 * domains. A domain decides before a name: two domains are two companies, whatever they are called, and a domain that
 * many share identifies nobody. Two callers that name the same company at once get the same one.
 *
 * @throws ApiError 422 where it has neither a name nor a domain, or a name of more than 1,000 characters
 */
export async function registerCompany(
  db: TransactionalDatabase,
  company: NamedCompany,
  now: Date,
): Promise<RegisteredCompany> {
  const wanted = namesOf(company);
  const known = await findByDomain(db, wanted);
  if (known !== undefined) {
    await rememberDomains(db, known.id, wanted.domains);
    return { ...known, created: false, isAmbiguous: false };
  }
  const registered = await db.transaction(async (connection) => {
    await connection.query(LOCK_REGISTRATION);
    const { found, isAmbiguous } = await findCompany(connection, wanted);
    const { id, name } = found ?? (await createCompany(connection, wanted, company, now));
    await rememberDomains(connection, id, wanted.domains);
    return { id, name, created: found === undefined, isAmbiguous };
  });
  if (registered.isAmbiguous) {
    logWarning("Created another company with a name that several have: no domain told them apart", {
      company: registered.id,
    });
  }
  return registered;
}

/** The company that {@link registerCompany} would find; undefined where it would create one. */
export async function registeredCompany(
  db: TransactionalDatabase,
  company: NamedCompany,
): Promise<{ readonly id: number } | undefined> {
  const wanted = namesOf(company);
  return db.transaction(async (connection) => {
    await connection.query(LOCK_REGISTRATION);
    return (await findCompany(connection, wanted)).found;
  });
}

interface WantedCompany {
  readonly name: string;
  readonly nameKey: string;
  /** Those that identify it, in the order that they were named. */
  readonly domains: readonly string[];
}

function namesOf(company: NamedCompany): WantedCompany {
  const domains = [...new Set(company.domains.flatMap((domain) => companyDomain(domain) ?? []))];
  // PostgreSQL takes no NUL and no half of a surrogate pair.
  const given = company.name?.replaceAll("\0", "").toWellFormed().trim() ?? "";
  if (given.length > MAX_NAME) {
    throw new ApiError("invalid_request", `A company's name has at most ${MAX_NAME} characters`);
  }
  // One of dots or of invisible characters is a name all the same, if there is nothing better.
  const name = companyNameKey(given) === "" ? (domains[0] ?? given) : given;
  if (name === "") {
    throw new ApiError("invalid_request", "A company needs a name or a domain");
  }
  return { name, nameKey: companyNameKey(name) || name, domains };
}

// Longer than any company's; a page that was taken for a name would be repeated in every message.
const MAX_NAME = 1000;

const companyRow = z.object({ id: z.number(), name: z.string() });

// Look-ups in company_domain's key and in the hash index on description. An earlier backend kept the domain in the
// description.
const BY_DOMAIN = `
  select id, name
    from (
      select c.id, c.name, 1 as rank
        from pipeline.company_domain d
        join company c on c.id = d.company_id
       where d.domain = any ($1)
      union all
      select id, name, 2 from company where lower(description) = any ($1)
    ) as found
   order by rank, id
   limit 1`;

function findByDomain(db: Database, { domains }: WantedCompany) {
  return domains.length === 0 ? undefined : selectRow(db, companyRow, BY_DOMAIN, [domains]);
}

// Reads all companies: thousands, and not often. A company gets its key here, and a new one when it is renamed.
const WITHOUT_KEY = `
  select company.id, company.name
    from company
    left join pipeline.company_key known on known.company_id = company.id and known.name = company.name
   where known.company_id is null`;

const KEEP_KEYS = `
  insert into pipeline.company_key as known (company_id, name, name_key)
  select * from unnest($1::int[], $2::text[], $3::text[])
  on conflict (company_id) do update set name = excluded.name, name_key = excluded.name_key`;

async function makeKeys(connection: Database): Promise<void> {
  const companies = await selectRows(connection, companyRow, WITHOUT_KEY);
  if (companies.length === 0) return;
  await connection.query(KEEP_KEYS, [
    companies.map(({ id }) => id),
    companies.map(({ name }) => name),
    companies.map(({ name }) => companyNameKey(name) || name),
  ]);
}

const namesakeRow = z.object({ id: z.number(), name: z.string(), domains: z.array(z.string()) });

// By company_key_name_key_idx and company_domain_company_id_idx.
const NAMESAKES = `
  select company.id, company.name,
         array(select domain from pipeline.company_domain where company_id = company.id) as domains
    from pipeline.company_key known
    join company on company.id = known.company_id
   where known.name_key = $1
   order by company.id`;

/** Finds a company by its domains, then by its name. The caller holds the lock on registration. */
async function findCompany(
  connection: Database,
  wanted: WantedCompany,
): Promise<{ found: z.output<typeof companyRow> | undefined; isAmbiguous: boolean }> {
  const byDomain = await findByDomain(connection, wanted);
  if (byDomain !== undefined) return { found: byDomain, isAmbiguous: false };
  await makeKeys(connection);
  const namesakes = await selectRows(connection, namesakeRow, NAMESAKES, [wanted.nameKey]);
  // One with domains of its own is another company than one that comes with other domains.
  const withoutDomain = namesakes.filter(({ domains }) => !domains.some(identifies));
  // One that came without a domain before is the same when it comes again.
  const comesAgain = withoutDomain.length === 1;
  const possible = wanted.domains.length === 0 && !comesAgain ? namesakes : withoutDomain;
  const [only, ...others] = possible;
  const isAmbiguous = others.length > 0 && wanted.domains.length === 0;
  return {
    found: isAmbiguous || only === undefined ? undefined : { id: only.id, name: only.name },
    isAmbiguous,
  };
}

/** Domains that many share were remembered once as well. */
function identifies(domain: string): boolean {
  return companyDomain(domain) !== undefined;
}

// One registration at a time: new companies are rare, and no index can tell that two names are the same company.
const LOCK_REGISTRATION = `select pg_advisory_xact_lock(hashtextextended('pipeline.register_company', 0))`;

// The insert's trigger links the company to every data source.
const CREATE_COMPANY = `
  insert into company (name, description, added_by, modified_at)
  values ($1, $2, (select id from "user" where id = $3), $4)
  returning id, name`;

async function createCompany(
  connection: Database,
  { name, domains: [domain] }: WantedCompany,
  { description, addedBy }: NamedCompany,
  now: Date,
): Promise<z.output<typeof companyRow>> {
  const values = [name, description ?? domain ?? null, addedBy ?? null, now];
  const { rows } = await connection.query(CREATE_COMPANY, values);
  return companyRow.parse(rows[0]);
}

// In the order of domains, so that two callers with the same ones wait for each other rather than for ever.
const REMEMBER_DOMAINS = `
  insert into pipeline.company_domain (domain, company_id)
  select domain, $2 from unnest($1::text[]) as domain order by domain
  on conflict (domain) do nothing`;

async function rememberDomains(db: Database, companyId: number, domains: readonly string[]): Promise<void> {
  if (domains.length > 0) await db.query(REMEMBER_DOMAINS, [domains, companyId]);
}
