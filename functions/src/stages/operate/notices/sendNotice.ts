import { z } from "zod";
import { noticeEmail } from "../../../adapters/channels/email/noticeEmail.ts";
import { automaticHeaders, messageIdOf, type sendEmail } from "../../../adapters/channels/email/sendEmail.ts";
import { afterFailure, NotSentYetError } from "../../../domain/message/attemptDelivery.ts";
import { ABANDONED, type Outcome } from "../../../domain/message/recordOutcome.ts";
import { logError } from "../../../platform/log.ts";
import { type Database, selectRow } from "../../../platform/postgres.ts";

/** Where operators are written to, and by which server. */
interface OperatorMail {
  readonly to: string;
  readonly from: string;
  readonly transportUrl: string;
}

/** What sending a notice takes. */
export interface SendNoticeContext {
  readonly db: Database;
  /** Undefined where no address is configured: then the log is all that tells. */
  readonly mail: OperatorMail | undefined;
  readonly send: typeof sendEmail;
  readonly clock: () => Date;
}

/**
 * Sends a notice to the operators, as an alert is sent to a user: at most once. It is SENDING, and committed, before
 * the mail server is given it; who finds it so later does not send it again.
 *
 * @throws NotSentYetError where it is to be tried again later
 */
export async function sendNotice(context: SendNoticeContext, id: number): Promise<void> {
  const { db, mail, clock } = context;
  if (mail === undefined) {
    await db.query(SUPPRESS, [id]);
    return;
  }
  const notice = await selectRow(db, noticeRow, BEGIN, [id, clock()]);
  if (notice === undefined) {
    const left = await selectRow(db, abandoned, ABANDON, [id, ABANDONED]);
    if (left?.state === "PENDING") throw new NotSentYetError(`Notice ${id} is not due yet`);
    return;
  }
  const outcome = await outcomeOf(context, mail, notice);
  await db.query(RECORD, [
    id,
    notice.attempt,
    outcome.state,
    outcome.state === "SENT" ? null : outcome.error,
    outcome.state === "PENDING" ? outcome.sendAfter : null,
    clock(),
  ]);
  if (outcome.state === "PENDING") throw new NotSentYetError(`Notice ${id}: ${outcome.error}`);
}

const noticeRow = z.object({
  id: z.coerce.number(),
  subject: z.string(),
  body: z.string(),
  attempt: z.int(),
  created_at: z.date(),
});

async function outcomeOf(
  { send, clock }: SendNoticeContext,
  { to, from, transportUrl }: OperatorMail,
  { id, attempt, subject, body, created_at: createdAt }: z.output<typeof noticeRow>,
): Promise<Outcome> {
  try {
    const email = noticeEmail({ subject, body, createdAt });
    const providerId = await send(
      { transportUrl, from },
      {
        to,
        subject: email.subject,
        html: email.html,
        text: email.text,
        images: new Map(),
        headers: automaticHeaders(undefined),
        messageId: messageIdOf(`operator-notice-${id}`, from),
      },
    );
    return { state: "SENT", providerId };
  } catch (error) {
    const outcome = afterFailure(error, attempt, clock());
    // Who should hear of it is who cannot be reached.
    if (outcome.state === "FAILED") logError("The operators could not be told", error, { notice: id });
    return outcome;
  }
}

const SUPPRESS = `
  update pipeline.operator_notice set state = 'SUPPRESSED', error = 'OPERATOR_EMAIL is not set'
   where id = $1 and state = 'PENDING'`;

const BEGIN = `
  update pipeline.operator_notice set state = 'SENDING', attempt = attempt + 1, last_tried_at = $2
   where id = $1 and state = 'PENDING' and send_after <= $2
  returning id, subject, body, attempt, created_at`;

const abandoned = z.object({ state: z.string() });

// One that is being sent while its task comes again: its process died, or still runs and will say how it ended.
const ABANDON = `
  with abandoned as (
    update pipeline.operator_notice set state = 'UNKNOWN', error = $2 where id = $1 and state = 'SENDING'
  )
  select state::text from pipeline.operator_notice where id = $1`;

const RECORD = `
  update pipeline.operator_notice
     set state = $3::text::pipeline.delivery_state, error = $4, send_after = coalesce($5::timestamp, send_after),
         sent_at = case when $3::text = 'SENT' then $6::timestamp end
   where id = $1 and attempt = $2 and state in ('SENDING', 'UNKNOWN')`;
