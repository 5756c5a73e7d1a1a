import { createHash } from "node:crypto";
import { basename } from "node:path/posix";
import { Timestamp } from "firebase-admin/firestore";
import { z } from "zod";
import { rowId } from "../../platform/fields.ts";
import { type Database, selectRows } from "../../platform/postgres.ts";
import { parseTimestamp } from "../../platform/timestamp.ts";
import { isRawObject, type RawObject } from "./losslessJson.ts";
import { InvalidRawDocumentError, type RawDocument } from "./readRawDocument.ts";

const OWN_ID = /^[\w-]{43}$/;

/**
 * The id of a raw document in PostgreSQL: its own in Firestore where this backend filed it (a hash), else one made of
 * its path, because two sources' modules may choose the same.
 */
export function documentIdAt(path: string): string {
  const id = basename(path);
  return OWN_ID.test(id) ? id : createHash("sha256").update(`direct\n${path}`).digest("base64url");
}

const integer = z.union([z.int(), z.string().regex(/^\d+$/).transform(Number)]);
const instant = z.union([
  z.instanceof(Timestamp).transform((at) => at.toDate()),
  z.date(),
  z.string().transform((text, context) => {
    const at = parseTimestamp(text);
    if (at !== undefined) return at;
    context.issues.push({ code: "custom", message: "expected a time", input: text });
    return z.NEVER;
  }),
]);

/**
 * A raw document that a module wrote into Firestore itself, with admin rights, as modules of the original system did.
 * The web application reads the same fields of it as of this backend's own: company_id, data, mining_trigger, status.
 */
const directDocument = z.object({
  company_id: integer,
  data: z.record(z.string(), z.unknown()).nullish(),
  /** The scheduled task; the original wrote "" and arbitrary text as well. */
  mining_trigger: z.unknown(),
  /** "error" where the module failed. */
  status: z.string().nullish(),
  /** Decides where several sources have the name that the path has. */
  source_id: integer.nullish(),
  observed_at: instant.nullish(),
  created_at: instant.nullish(),
});

/**
 * Reads a document that a module wrote itself: the source by its path, the company by `company_id`, the task by
 * `mining_trigger`. It was observed at `observed_at`, else `created_at`, else when it was created.
 *
 * @throws InvalidRawDocumentError, in one sentence, where it can never be read
 */
export async function readDirectDocument(
  db: Database,
  { path, createdAt, fields }: { readonly path: string; readonly createdAt: Date; readonly fields: unknown },
): Promise<RawDocument> {
  const parsed = directDocument.safeParse(fields);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new InvalidRawDocumentError(
      `The raw document's field ${issue?.path.join(".")} is not valid: ${issue?.message}`,
      { cause: parsed.error },
    );
  }
  const document = parsed.data;
  if (document.status?.toLowerCase() === "error") {
    throw new InvalidRawDocumentError("The module marked its answer as an error");
  }
  if (document.data == null || Object.keys(document.data).length === 0) {
    throw new InvalidRawDocumentError("The module's answer is empty");
  }
  const trigger = integer.pipe(rowId).safeParse(document.mining_trigger);
  const source = await sourceOf(db, path, {
    sourceId: document.source_id ?? undefined,
    taskId: trigger.data,
  });
  return {
    sourceId: source.id,
    sourceName: source.name,
    companyId: document.company_id,
    taskId: source.taskId,
    attempt: null,
    observedAt: document.observed_at ?? document.created_at ?? createdAt,
    receivedAt: createdAt,
    rawData: rawDataOf(document.data),
  };
}

const sourceRow = z.object({ id: z.int(), name: z.string(), taskId: z.int().nullable() });

// Few rows: the sources of one name, or the one of an id.
const SOURCES = `
  select source.id, source.source_name as name,
         (select task_id from scheduled_task
           where task_id = $3::int and data_source_id = source.id) as task_id
    from data_source source
   where source.source_name = $1 or source.id = $2::int
   order by source.id`;

/**
 * The source that a raw document is of: the one whose name its path has, or whose id, as the original system wrote it.
 *
 * @param sourceId what its fields say
 * @throws InvalidRawDocumentError where there is none, where the fields name another one, or do not say which
 */
export async function sourceOf(
  db: Database,
  path: string,
  { sourceId, taskId }: { readonly sourceId: number | undefined; readonly taskId: number | undefined },
): Promise<z.output<typeof sourceRow>> {
  const segment = path.split("/").at(-3) ?? "";
  const name = segment.replaceAll("%2F", "/");
  const pathId = rowId.safeParse(Number(segment)).data;
  const rows = await selectRows(db, sourceRow, SOURCES, [name, pathId ?? null, taskId ?? null]);
  const named = rows.filter((row) => row.name === name);
  const candidates = named.length > 0 ? named : rows;
  if (candidates.length === 0) throw new InvalidRawDocumentError(`There is no data source “${name}”`);
  const chosen = candidates.filter(({ id }) => sourceId === undefined || id === sourceId);
  const [source, ...others] = chosen;
  if (source === undefined) {
    const [first] = candidates;
    throw new InvalidRawDocumentError(
      `The path names the data source “${name}” (${first?.id}), the field source_id another one (${sourceId})`,
    );
  }
  if (others.length > 0) {
    throw new InvalidRawDocumentError(
      `${chosen.length} data sources are called “${name}”: the field source_id must say which (${chosen.map(({ id }) => id).join(", ")})`,
    );
  }
  return source;
}

/** The answer as JSON would have it: Firestore's timestamps become ISO 8601 texts. */
function rawDataOf(data: Record<string, unknown>): RawObject {
  const plain = plainOf(data);
  if (isRawObject(plain)) return plain;
  throw new InvalidRawDocumentError("The raw document's data holds what JSON does not know");
}

function plainOf(value: unknown): unknown {
  if (value instanceof Timestamp) return value.toDate().toISOString();
  if (Array.isArray(value)) return value.map(plainOf);
  if (typeof value !== "object" || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) {
    throw new InvalidRawDocumentError("The raw document's data holds what JSON does not know");
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainOf(inner)]));
}
