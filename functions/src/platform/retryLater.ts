/**
 * Thrown by a task to come again after its queue's back-off. Nothing is wrong: it came too early, or what it works on
 * has recorded why it is to be tried again.
 */
export class RetryLater extends Error {
  override readonly name: string = "RetryLater";
}
