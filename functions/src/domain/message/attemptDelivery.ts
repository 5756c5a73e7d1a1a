import { z } from "zod";
import { logError, logEvent } from "../../platform/log.ts";
import { addLogIds } from "../../platform/logContext.ts";
import { type Database, selectRow } from "../../platform/postgres.ts";
import { RetryLater } from "../../platform/retryLater.ts";
import { stateModels } from "../state/stateModels.ts";
import type { Channel, Send } from "./channel.ts";
import { beginAttempt, type DueDelivery, markSending, rememberUpload } from "./claimDelivery.ts";
import { DeliveryError } from "./deliveryError.ts";
import type { Message } from "./message.ts";
import { ABANDONED, type DeliveryOutcome, recordOutcome } from "./recordOutcome.ts";
import { silenceReason } from "./silence.ts";
import { closeUntil, takeTurn } from "./takeTurn.ts";

/** What sending takes. `clock` is read before and after the provider was given the message. */
export interface SendContext {
  readonly db: Database;
  readonly send: Send;
  readonly clock: () => Date;
  /** Where operators are written to. Without it, the log alone tells them. */
  readonly operatorEmail?: string | undefined;
}

/** Makes the message of a delivery; undefined where there is nothing to say. */
export type Compose = (delivery: DueDelivery, now: Date) => Promise<Message | undefined>;

/** The delivery has to come again. Thrown at the queue, which repeats what threw. */
export class NotSentYetError extends RetryLater {
  override readonly name = "NotSentYetError";
}

/** Another attempt has begun, and is the one that goes on. */
class OvertakenError extends Error {
  override readonly name = "OvertakenError";
}

/** After so many attempts, over about an hour, what was to pass did not. */
const MAX_ATTEMPTS = stateModels.delivery.attempts;
/** Nobody wants to hear of it after a day: until then, being told to wait is no attempt. */
const WORTH_MS = 86_400_000;
const FIRST_WAIT_SECONDS = 30;
const LONGEST_WAIT_SECONDS = 3_600;

/**
 * Sends a delivery that is due, unless it was sent, silenced or given up before.
 *
 * It goes out at most once. Its state is SENDING, and committed, right before the provider is given the message. A
 * crash before that costs nothing. A crash after it, and a failure that does not tell whether the provider took the
 * message, leave a delivery that may have been sent, and is not sent again: a message is lost rather than told twice.
 *
 * @throws NotSentYetError where it is to be tried again later
 */
export async function attemptDelivery(context: SendContext, id: number, compose: Compose): Promise<void> {
  const { db, clock } = context;
  const begunAt = performance.now();
  const delivery = await beginAttempt(db, id, clock());
  if (delivery === undefined) return notMine(db, id);
  const { kind, channelId, attempt, correlation } = delivery;
  addLogIds({ delivery: id, ...(correlation === null ? {} : { correlation }) });
  const end = async (outcome: DeliveryOutcome) => {
    await recordOutcome(db, delivery, outcome, clock());
    // Those who should hear of it are those who cannot be reached.
    if (kind === "NOTICE" && outcome.state === "FAILED") {
      logError("The operators could not be told", new Error(outcome.error));
    }
    const durationMs = Math.round(performance.now() - begunAt);
    logEvent("delivery_attempted", { kind, channel: channelId, attempt, state: outcome.state, durationMs });
  };
  if (attempt - delivery.waits > MAX_ATTEMPTS) {
    return end({ state: "FAILED", error: `Given up: ${MAX_ATTEMPTS} attempts ended without a result.` });
  }
  const channel = delivery.channel ?? operatorChannel(context);
  if (channel === undefined) return end({ state: "SUPPRESSED", error: "OPERATOR_EMAIL is not set" });
  const isPersonal = kind === "ALERT" || kind === "REPORT";
  const silence = isPersonal ? await silenceReason(db, delivery, clock()) : undefined;
  const message = silence === undefined ? await compose(delivery, clock()) : undefined;
  if (message === undefined) {
    return end({ state: "SUPPRESSED", error: silence ?? "There is nothing to say any more." });
  }
  const turnAt = await takeTurn(db, { ...delivery, channel }, clock());
  const outcome: DeliveryOutcome | undefined =
    turnAt > clock()
      ? { state: "WAITING", error: null, turnAt }
      : await outcomeOf(context, { ...delivery, channel }, message);
  if (outcome === undefined) return;
  await end(outcome);
  if (outcome.state === "WAITING")
    throw new NotSentYetError(`Delivery ${id}: ${outcome.error ?? "others go before it"}`);
  if (outcome.state === "PENDING") throw new NotSentYetError(`Delivery ${id}: ${outcome.error}`);
}

function operatorChannel({ operatorEmail }: SendContext): Channel | undefined {
  return operatorEmail === undefined
    ? undefined
    : { type: "EMAIL", destination: operatorEmail, secretId: null };
}

const stateRow = z.object({ state: z.string() });

async function notMine(db: Database, id: number): Promise<void> {
  const row = await selectRow(db, stateRow, ABANDON, [id, ABANDONED]);
  if (row?.state === "PENDING") throw new NotSentYetError(`Delivery ${id} is not due yet`);
}

// One that was being sent when it was seen again: either its process died, or it still runs and will say how it
// ended, which counts.
const ABANDON = `
  with abandoned as (
    update pipeline.delivery set state = 'UNKNOWN', error = $2 where id = $1 and state = 'SENDING'
  )
  select state::text from pipeline.delivery where id = $1`;

async function outcomeOf(
  { db, send, clock }: SendContext,
  delivery: DueDelivery & { readonly channel: Channel },
  message: Message,
): Promise<DeliveryOutcome | undefined> {
  const { id, channel, attempt } = delivery;
  try {
    const { providerId } = await send(channel, message, {
      deliveryId: `delivery-${id}`,
      now: clock(),
      uploads: {
        known: delivery.uploads,
        remember: (sha256, fileId) => rememberUpload(db, id, { sha256, fileId }),
      },
      beforeHandingOver: async () => {
        if (await markSending(db, delivery, clock())) return;
        throw new OvertakenError(`Another attempt at delivery ${id} has begun`);
      },
    });
    return { state: "SENT", providerId };
  } catch (error) {
    if (error instanceof OvertakenError) return undefined;
    if (!(error instanceof DeliveryError))
      logError("A delivery failed unexpectedly", error, { delivery: id });
    const now = clock();
    const isWorthIt = now.getTime() - delivery.createdAt.getTime() < WORTH_MS;
    if (
      error instanceof DeliveryError &&
      error.kind === "passing" &&
      error.retryAfterSeconds !== undefined &&
      isWorthIt
    ) {
      const until = new Date(now.getTime() + error.retryAfterSeconds * 1000);
      return { state: "WAITING", error: error.reason, turnAt: await closeUntil(db, { id, channel }, until) };
    }
    return afterFailure(error, attempt - delivery.waits, now);
  }
}

/** What follows a failed attempt. What is no {@link DeliveryError} is a mistake of ours, which a deployment may mend. */
export function afterFailure(error: unknown, attempt: number, now: Date): DeliveryOutcome {
  const reason =
    error instanceof DeliveryError
      ? error.reason
      : "The message could not be sent, for a reason that an operator finds in the log.";
  if (error instanceof DeliveryError && error.kind === "final") return { state: "FAILED", error: reason };
  if (error instanceof DeliveryError && error.kind === "unclear") return { state: "UNKNOWN", error: reason };
  if (attempt >= MAX_ATTEMPTS) {
    return { state: "FAILED", error: `Given up after ${attempt} attempts: ${reason}` };
  }
  const own = Math.min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (attempt - 1));
  const wanted = error instanceof DeliveryError ? error.retryAfterSeconds : undefined;
  return { state: "PENDING", error: reason, sendAfter: new Date(now.getTime() + (wanted ?? own) * 1000) };
}
