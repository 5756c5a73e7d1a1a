import { logger } from "firebase-functions";

/** Ids to find a line by: task, company, raw document … never secrets, names or contents. */
export type LogIds = Readonly<Record<string, string | number | null | undefined>>;

/** Says what happened, as one structured line of Cloud Logging. */
export function logInfo(message: string, ids: LogIds = {}): void {
  logger.info(message, ids);
}

/** Says what is odd and needs no one at once. */
export function logWarning(message: string, ids: LogIds = {}): void {
  logger.warn(message, ids);
}

/** Reports an unexpected error once, with its stack and causes, for Error Reporting. */
export function logError(message: string, error: unknown, ids: LogIds = {}): void {
  logger.error(message, { ...ids, error: describe(error) });
}

function describe(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: describe(error.cause) }),
  };
}
