/**
 * Thrown by a task to be retried after its queue's back-off. Nothing is wrong: it came too early, or the reason for the
 * retry is recorded already.
 */
export class RetryLater extends Error {
  override readonly name: string = "RetryLater";
}
