import { z } from "zod";
import { ApiError } from "../../../platform/apiError.ts";
import { type Database, selectRow, type TransactionalDatabase } from "../../../platform/postgres.ts";
import { type LeftToOthers, leaveToOthers, type Receipt, readReceipt, type Subject } from "./erasure.ts";

/** Who asks for what to be erased, and when. */
export interface ErasureRequest extends Subject {
  /** Who asks: an operator's Firebase id, a service account, a name. */
  readonly by: string;
  readonly now: Date;
}

const MARK = `
  insert into pipeline.erasure (kind, subject_id, requested_by, requested_at)
  values ($1, $2, $3, $4)
  on conflict (kind, subject_id) do nothing`;

const LOCK = {
  COMPANY: "select id from company where id = $1 for update",
  USER: `select id from "user" where id = $1 for update`,
};

/**
 * Marks a company or a user as being erased, for good: from then on it gets nothing new. Asked for again, it is the
 * same erasure.
 *
 * @throws ApiError 404 where there is none, and none was erased
 */
export function openErasure(db: TransactionalDatabase, request: ErasureRequest): Promise<Receipt> {
  const { kind, subjectId, by, now } = request;
  return db.transaction(async (connection) => {
    const { rowCount } = await connection.query(LOCK[kind], [subjectId]);
    const before = await readReceipt(connection, request);
    if (before !== undefined) return before;
    if (rowCount === 0) {
      throw new ApiError("not_found", `There is no ${kind === "COMPANY" ? "company" : "user"} ${subjectId}`);
    }
    await connection.query(MARK, [kind, subjectId, by, now]);
    const receipt = await readReceipt(connection, request);
    if (receipt === undefined) throw new Error("The erasure was not recorded");
    // Now, since their rows will be gone.
    const left = await filesOfWebApplication(connection, request);
    await leaveToOthers(connection, receipt.id, left);
    return { ...receipt, leftToOthers: left };
  });
}

const FILES = {
  COMPANY: "select file_url as file from company_attachment where company_id = $1 order by id",
  USER: `
    select file_url as file from company_attachment where user_id = $1
    union all
    select profile_picture from "user" where id = $1 and profile_picture is not null`,
};

const fileRow = z.object({ file: z.string() });
const userRow = z.object({ auth_id: z.string() });

async function filesOfWebApplication(
  connection: Database,
  { kind, subjectId }: Subject,
): Promise<LeftToOthers[]> {
  const { rows } = await connection.query(FILES[kind], [subjectId]);
  const files = fileRow
    .array()
    .parse(rows)
    .map(({ file }) => ({ where: "the web application's storage", what: file }));
  if (kind === "COMPANY") return files;
  const user = await selectRow(connection, userRow, `select auth_id from "user" where id = $1`, [subjectId]);
  return [
    ...files,
    ...(user === undefined ? [] : [{ where: "Firebase Authentication", what: user.auth_id }]),
  ];
}
