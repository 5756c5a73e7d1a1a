import type { BegunCall } from "../../domain/miningCall/beginCall.ts";
import { identifierProblem } from "../../domain/miningModule/identifierSite.ts";
import type { Identifiers, MiningModule, ModuleCompany } from "../../domain/miningModule/miningModule.ts";
import { ModuleError } from "../../domain/miningModule/moduleError.ts";
import type { TransactionalDatabase } from "../../platform/postgres.ts";

interface Identifier {
  readonly property: string;
  readonly value: string;
}

/**
 * The identifiers to mine a company by: those stored and valid, else those that the module discovers now. It
 * discovers once; the result is kept until its validity ends.
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
  if (stored.usable.length > 0) return byProperty(stored.usable);

  const { identifiers, validity } = await module.discover(company, now);
  const discovered = sortOut(
    call.source.name,
    Object.entries(identifiers).flatMap(([property, values]) => values.map((value) => ({ property, value }))),
  );
  if (call.linkId !== null && validity > now) {
    await replaceDiscovered(db, call.linkId, discovered.usable, validity);
  }
  if (discovered.usable.length > 0) return byProperty(discovered.usable);
  throw noIdentifiers(company, call, [...stored.problems, ...discovered.problems]);
}

function sortOut(sourceName: string, identifiers: readonly Identifier[]) {
  const usable: Identifier[] = [];
  const problems: string[] = [];
  for (const identifier of identifiers) {
    const problem = identifierProblem(sourceName, identifier.property, identifier.value);
    if (problem === undefined) usable.push(identifier);
    else problems.push(`${identifier.property} "${identifier.value}" was refused: ${problem}`);
  }
  return { usable, problems };
}

function byProperty(identifiers: readonly Identifier[]): Identifiers {
  const grouped = Map.groupBy(identifiers, ({ property }) => property);
  return Object.fromEntries(
    [...grouped].map(([property, group]) => [property, [...new Set(group.map(({ value }) => value))]]),
  );
}

function noIdentifiers(company: ModuleCompany, call: BegunCall, problems: readonly string[]): ModuleError {
  const reasons = problems.length === 0 ? "" : ` (${problems.join("; ")})`;
  return new ModuleError(
    "NoIdentifiers",
    `${company.name} has no valid identifier at ${call.source.name}, and none was discovered${reasons}`,
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
