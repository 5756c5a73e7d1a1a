import type { BegunCall } from "../../domain/miningCall/beginCall.ts";
import { identifierProblem, readIdentifier } from "../../domain/miningModule/identifierSite.ts";
import type {
  Discovery,
  Identifiers,
  MiningModule,
  ModuleCompany,
} from "../../domain/miningModule/miningModule.ts";
import { ModuleError } from "../../domain/miningModule/moduleError.ts";
import { storedReason } from "../../platform/errorText.ts";
import type { TransactionalDatabase } from "../../platform/postgres.ts";

interface Identifier {
  readonly property: string;
  readonly value: string;
}

/**
 * The identifiers to mine a company by: those stored and valid, and beside them, where none was discovered or what was
 * has expired, those that the module discovers now. What people added is never replaced by what a search finds.
 *
 * A discovery that finds nothing is repeated after 30 days, under another name, or on demand.
 *
 * @throws ModuleError final where the company has none, with what is wrong with those that were refused
 */
export async function identifiersOf(
  db: TransactionalDatabase,
  module: MiningModule,
  call: BegunCall,
  company: ModuleCompany,
  now: Date,
): Promise<Identifiers> {
  const stored = sortOut(call.source.name, call.identifiers);
  const isComplete = stored.usable.length > 0 && !call.hasExpired;
  const hasRefusedByHand = stored.usable.length === 0 && call.identifiers.some((one) => !one.isDiscovered);
  if (isComplete) return byProperty(stored.usable);
  if (hasRefusedByHand)
    throw noIdentifiers(company, call, stored.problems, "nothing was searched for instead");
  const failed = call.isOnDemand ? null : call.failedDiscovery;
  if (failed !== null) {
    if (stored.usable.length > 0) return byProperty(stored.usable);
    throw noIdentifiers(
      company,
      call,
      [...stored.problems, failed.reason],
      `none was discovered on ${failed.at}`,
    );
  }
  const discovered = await discover(db, module, call, company, now);
  const usable = [...stored.usable, ...discovered.usable];
  if (usable.length > 0) return byProperty(usable);
  throw noIdentifiers(company, call, [...stored.problems, ...discovered.problems], "none was discovered");
}

async function discover(
  db: TransactionalDatabase,
  module: MiningModule,
  call: BegunCall,
  company: ModuleCompany,
  now: Date,
) {
  const {
    identifiers,
    validity,
    proposals = [],
  } = await module.discover(company, now).catch((error: unknown) => nothingFound(error, call, now));
  const discovered = sortOut(
    call.source.name,
    Object.entries(identifiers).flatMap(([property, values]) => values.map((value) => ({ property, value }))),
  );
  const problems = [...discovered.problems, ...proposals];
  if (discovered.usable.length === 0) {
    await db.query(KEEP_FAILED, [
      call.source.id,
      company.id,
      company.name,
      storedReason(problems.join("; ")),
      now,
    ]);
  } else if (call.linkId !== null && validity > now) {
    await replaceDiscovered(db, call.linkId, discovered.usable, validity);
  }
  return { usable: discovered.usable, problems };
}

/**
 * The existing github, linkedin and crunchbase modules answer 500 where a search finds nothing. For a company that
 * worked before, a 500 is a failure of the source like any other, unless other identifiers are at hand.
 *
 * @throws the error, where it says something else
 */
function nothingFound(error: unknown, call: BegunCall, now: Date): Discovery {
  const isEmptySearch = error instanceof ModuleError && error.type === "HttpStatus500";
  if (!isEmptySearch || (call.workedBefore && call.identifiers.length === 0)) throw error;
  return { identifiers: {}, validity: now, proposals: [error.message] };
}

const KEEP_FAILED = `
  insert into pipeline.failed_discovery (data_source_id, company_id, company_name, reason, failed_at)
  values ($1, $2, $3, $4, $5)
  on conflict (data_source_id, company_id) do update
     set company_name = excluded.company_name, reason = excluded.reason, failed_at = excluded.failed_at`;

function sortOut(sourceName: string, identifiers: readonly Identifier[]) {
  const usable: Identifier[] = [];
  const problems: string[] = [];
  for (const { property, value: given } of identifiers) {
    const value = readIdentifier(property, given);
    const problem = identifierProblem(sourceName, property, value);
    if (problem === undefined) usable.push({ property, value });
    else problems.push(`${property} "${given}" was refused: ${problem}`);
  }
  return { usable, problems };
}

function byProperty(identifiers: readonly Identifier[]): Identifiers {
  const grouped = Map.groupBy(identifiers, ({ property }) => property);
  return Object.fromEntries(
    [...grouped].map(([property, group]) => [property, [...new Set(group.map(({ value }) => value))]]),
  );
}

function noIdentifiers(
  company: ModuleCompany,
  call: BegunCall,
  problems: readonly string[],
  outcome: string,
): ModuleError {
  const said = problems.filter((problem) => problem !== "").join("; ");
  const reasons = said === "" ? "" : ` (${said})`;
  return new ModuleError(
    "NoIdentifiers",
    `${company.name} has no valid identifier at ${call.source.name}, and ${outcome}${reasons}`,
    { retryable: false, blames: "company" },
  );
}

const LOCK_LINK = `select from company_data_source where id = $1 for no key update`;

const DELETE_DISCOVERED = `
  delete from company_data_source_identifier
   where company_data_source_id = $1 and identifier_type = 'AUTOMATICALLY_DISCOVERED'`;

const INSERT_DISCOVERED = `
  insert into company_data_source_identifier (company_data_source_id, identifier_type, property, value, validity)
  select $1, 'AUTOMATICALLY_DISCOVERED', property, value, $4
    from unnest($2::text[], $3::text[]) as i (property, value)`;

/** Replaces what was discovered before; what people added stays. The link's lock lets two at once follow each other. */
function replaceDiscovered(
  db: TransactionalDatabase,
  linkId: number,
  identifiers: readonly Identifier[],
  validity: Date,
): Promise<void> {
  return db.transaction(async (connection) => {
    const { rowCount } = await connection.query(LOCK_LINK, [linkId]);
    if (rowCount === 0) return;
    await connection.query(DELETE_DISCOVERED, [linkId]);
    await connection.query(INSERT_DISCOVERED, [
      linkId,
      identifiers.map(({ property }) => property),
      identifiers.map(({ value }) => value),
      validity,
    ]);
  });
}
