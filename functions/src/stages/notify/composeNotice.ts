import { z } from "zod";
import type { DueDelivery } from "../../domain/message/claimDelivery.ts";
import type { NoticeMessage } from "../../domain/message/message.ts";
import { type Database, selectRow } from "../../platform/postgres.ts";

const noticeRow = z.object({ subject: z.string(), body: z.string(), createdAt: z.date() });

/** The message of a notice to the operators. */
export async function composeNotice(
  db: Database,
  { noticeId }: DueDelivery,
): Promise<NoticeMessage | undefined> {
  const notice = await selectRow(
    db,
    noticeRow,
    "select subject, body, created_at from pipeline.notice where id = $1",
    [noticeId],
  );
  return notice && { kind: "notice", ...notice };
}
