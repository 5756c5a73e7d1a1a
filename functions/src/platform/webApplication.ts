import { createHash, timingSafeEqual } from "node:crypto";
import { ApiError } from "./apiError.ts";
import { webSecretConfig } from "./config.ts";
import type { Callers } from "./http.ts";

/**
 * Lets the web application in. It sends no credentials by itself: once PARMA_WEB_SECRET is set, a proxy in front of it
 * must add the secret, in the header `X-Parma-Secret` or as bearer token.
 *
 * @throws ApiError 401 where a secret is set and another one, or none, was sent
 */
export const webApplication: Callers<undefined> = {
  kind: "web application",
  authorize: async (authorization, _now, headers) => {
    const secret = webSecretConfig();
    if (secret === undefined) return undefined;
    const bearer = /^Bearer (.*)$/i.exec(authorization ?? "")?.[1]?.trim();
    const sent = [headers["x-parma-secret"], bearer].filter((value) => typeof value === "string");
    if (sent.length === 0) throw new ApiError("missing_token", "The web application's secret is missing");
    if (!sent.some((value) => isEqual(value, secret))) {
      throw new ApiError("invalid_token", "The web application's secret is wrong");
    }
    return undefined;
  },
};

/** Takes the same time wherever they differ, and however long they are. */
function isEqual(sent: string, secret: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(sent), digest(secret));
}
