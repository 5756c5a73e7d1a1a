import { errorCode } from "./errorCode.ts";

// gRPC's ALREADY_EXISTS.
const ALREADY_EXISTS = 6;

/** Whether Firestore refused to create a document because it is there. */
export function isAlreadyThere(error: unknown): boolean {
  return errorCode(error) === ALREADY_EXISTS;
}
