import { z } from "zod";
import { html } from "../../../adapters/channels/email/html.ts";
import { BlobNotFoundError, type BlobStore } from "../../../domain/rawDocument/blobStore.ts";
import { oneLine } from "../../../domain/words/text.ts";
import { selectRow, selectRows } from "../../../platform/postgres.ts";
import { inPages } from "./eraseOutside.ts";
import type { EraseContext, Receipt } from "./erasure.ts";

const PAGES_AT_A_TIME = 20;

// In the order of the primary key, whatever their number.
const PAGES = `
  select user_id, week::text, page_blob
    from pipeline.report_run
   where page_blob is not null and period_to >= $1 and (user_id, week) > ($2::int, $3::date)
   order by user_id, week
   limit ${PAGES_AT_A_TIME}`;

const FORGET = "update pipeline.report_run set page_blob = null where page_blob = any ($1::text[])";

const companyRow = z.object({ name: z.string(), createdAt: z.date() });
const pageRow = z.object({ userId: z.int(), week: z.string(), pageBlob: z.string() });

/** Removes weekly report pages that name a company, each as a whole, since a page is one text. */
export async function eraseReportPages(context: EraseContext, { id, subjectId }: Receipt): Promise<void> {
  const { db, blobStore, signal } = context;
  const COMPANY = "select name, created_at from company where id = $1";
  const company = await selectRow(db, companyRow, COMPANY, [subjectId]);
  if (company === undefined) return;
  const isNamed = namingOf(subjectId, company.name);
  let after: [number, string] = [0, "-infinity"];
  for (;;) {
    signal?.throwIfAborted();
    const pages = await selectRows(db, pageRow, PAGES, [company.createdAt, ...after]);
    const last = pages.at(-1);
    if (last === undefined) return;
    const blobs = pages.map(({ pageBlob }) => pageBlob);
    const naming = await blobsWhere(blobStore, blobs, (text) => text === undefined || isNamed(text));
    await inPages(context, id, "blob store", () =>
      blobsWhere(blobStore, naming, (text) => text !== undefined),
    );
    await db.query(FORGET, [naming]);
    after = [last.userId, last.week];
  }
}

async function blobsWhere(
  blobStore: BlobStore,
  names: readonly string[],
  isWanted: (text: string | undefined) => boolean,
): Promise<string[]> {
  const wanted: string[] = [];
  for (const name of names) if (isWanted(await textOf(blobStore, name))) wanted.push(name);
  return wanted;
}

/** Undefined if it is gone: a process that died had removed it. */
async function textOf(blobStore: BlobStore, name: string): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await blobStore.read(name));
  } catch (error) {
    if (error instanceof BlobNotFoundError) return undefined;
    throw error;
  }
}

/** Whether a page links to the company, or has its name as words of its own: in a list of the quiet ones. */
function namingOf(companyId: number, name: string): (page: string) => boolean {
  const words = html`${oneLine(name)}`.markup.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  const naming = new RegExp(
    `/companies/${companyId}(?!\\d)|(?<![\\p{L}\\p{N}])${words || "(?!)"}(?![\\p{L}\\p{N}])`,
    "u",
  );
  return (page) => naming.test(page);
}
