import { ModuleError } from "../../../../domain/miningModule/moduleError.ts";

/** The error for a file that does not hold what it should, at a line of it. */
export function unreadableHistory(name: string, line: number, reason: string, cause?: unknown): ModuleError {
  return new ModuleError("UnreadableHistory", `${name}, line ${line}: ${reason}`, {
    retryable: false,
    cause,
  });
}
