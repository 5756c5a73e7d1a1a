import { createHash, timingSafeEqual } from "node:crypto";
import { ApiError } from "./apiError.ts";
import { operatorToken } from "./config.ts";

/** Lets in who shows the operators' token: `Authorization: Bearer <OPERATOR_TOKEN>`. @throws ApiError 401 */
export async function operator(authorization: string | undefined): Promise<undefined> {
  const shown = /^Bearer\s+(\S+)\s*$/i.exec(authorization ?? "")?.[1];
  if (shown === undefined) {
    throw new ApiError("missing_token", "This is for operators: send Authorization: Bearer <OPERATOR_TOKEN>");
  }
  // Digests are of one length, which the comparison needs, and tell nothing by the time that it takes.
  if (!timingSafeEqual(digest(shown), digest(operatorToken()))) {
    throw new ApiError("invalid_token", "The operators' token is another one");
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
