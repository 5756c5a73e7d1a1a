import { z } from "zod";
import { ApiError } from "../../platform/apiError.ts";
import { type Database, selectRow, type TransactionalDatabase } from "../../platform/postgres.ts";

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
}

/**
 * Finds the company that has one of the domains, else the one of that name, else creates it; and remembers its
 * domains. Two callers that name the same company at once get the same one.
 *
 * @throws ApiError 422 where it has neither a name nor a domain, or a name of more than 1,000 characters
 */
export async function registerCompany(
  db: TransactionalDatabase,
  company: NamedCompany,
  now: Date,
): Promise<RegisteredCompany> {
  const { name, domains } = namesOf(company);
  const found = await findCompany(db, name, domains);
  if (found !== undefined) {
    await rememberDomains(db, found.id, domains);
    return { ...found, created: false };
  }
  return db.transaction(async (connection) => {
    await connection.query(LOCK_REGISTRATION);
    const meanwhile = await findCompany(connection, name, domains);
    const registered = meanwhile ?? (await createCompany(connection, name, domains[0], company, now));
    await rememberDomains(connection, registered.id, domains);
    return { ...registered, created: meanwhile === undefined };
  });
}

/** The company that {@link registerCompany} would find; undefined where it would create one. */
export async function registeredCompany(
  db: Database,
  company: NamedCompany,
): Promise<{ readonly id: number } | undefined> {
  const { name, domains } = namesOf(company);
  return findCompany(db, name, domains);
}

function namesOf(company: NamedCompany): { name: string; domains: string[] } {
  const domains = [...new Set(company.domains.flatMap(hostOf))];
  // PostgreSQL takes no NUL and no half of a surrogate pair.
  const name = company.name?.replaceAll("\0", "").toWellFormed().trim() || domains[0];
  if (name === undefined) {
    throw new ApiError("invalid_request", "A company needs a name or a domain");
  }
  if (name.length > MAX_NAME) {
    throw new ApiError("invalid_request", `A company's name has at most ${MAX_NAME} characters`);
  }
  return { name, domains };
}

// Longer than any company's; a page that was taken for a name would be repeated in every message.
const MAX_NAME = 1000;
// The longest name that DNS has.
const MAX_HOST = 253;

/** The host of a domain or of a web address, without `www.`; nothing where it is neither. */
function hostOf(domain: string): string[] {
  const text = domain.trim();
  const host = URL.parse(text.includes("://") ? text : `https://${text}`)?.hostname.replace(
    /^www\.|\.$/g,
    "",
  );
  return host?.includes(".") && host.length <= MAX_HOST ? [host] : [];
}

const companyRow = z.object({ id: z.number(), name: z.string() });

// Look-ups in company_domain's key and in the hash indexes on description and name. An earlier backend kept the
// domain in the description.
const FIND_COMPANY = `
  select id, name
    from (
      select c.id, c.name, 1 as rank
        from pipeline.company_domain d
        join company c on c.id = d.company_id
       where d.domain = any ($1)
      union all
      select id, name, 2 from company where lower(description) = any ($1)
      union all
      select id, name, 3 from company where lower(name) = lower($2)
    ) as found
   order by rank, id
   limit 1`;

function findCompany(db: Database, name: string, domains: readonly string[]) {
  return selectRow(db, companyRow, FIND_COMPANY, [domains, name]);
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
  name: string,
  domain: string | undefined,
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
