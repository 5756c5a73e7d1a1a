/** Tells the platform that a run failed. The platform logs it, so it repeats nothing that is logged already. */
export class LoggedError extends Error {
  override readonly name = "LoggedError";

  constructor() {
    super("The run failed: the line before has the reason");
    // Without frames, Error Reporting ignores it; it has the real error.
    this.stack = this.message;
  }
}
