/** Tells the platform that a run failed. It logs what it is told, so this one says nothing that is logged already. */
export class LoggedError extends Error {
  override readonly name = "LoggedError";

  constructor() {
    super("The run failed: the line before has the reason");
    // Without frames it is no error to Error Reporting, which has the true one.
    this.stack = this.message;
  }
}
