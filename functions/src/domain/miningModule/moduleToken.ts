import { errors, SignJWT } from "jose";
import { z } from "zod";
import { ApiError } from "../../platform/apiError.ts";
import { tokenSecretsConfig } from "../../platform/config.ts";
import type { Callers } from "../../platform/http.ts";
import { addLogIds, correlationOf } from "../../platform/logContext.ts";
import type { SigningKeys } from "../../platform/signingKeys.ts";
import { verifySigned } from "../../platform/verifySigned.ts";

/**
 * The token that a mining module is called with and sends back unchanged: an HS256 JWT that carries another one.
 * The outer one (shared secret) lets the module check who calls; the inner one (our own secret) tells us what
 * the caller may touch. Modules look at the outer one's signature and expiry only.
 */
const outerClaims = z.object({ sourcing_id: z.string() });

// Postgres' integer, which all ids of the contract are.
const id = z.int().min(1).max(2_147_483_647);

const innerClaims = z.object({
  sourcing_id: id,
  task_id: id.optional(),
  company_id: id.optional(),
  attempt: id.optional(),
});

/** What a caller may touch: its source and, during a mining call, the task, the company and the attempt. */
export interface ModuleClaims {
  readonly sourceId: number;
  readonly taskId?: number | undefined;
  readonly companyId?: number | undefined;
  readonly attempt?: number | undefined;
}

// A module's clock may run a little ahead of ours.
const CLOCK_TOLERANCE_SECONDS = 5;

/**
 * Signs a token for `claims` that lives for `lifeSeconds` from `now`, with each key that we share with modules, the
 * preferred first. There are two while the key is rotated: a module knows one of them, and refuses the other.
 */
export async function signModuleTokens(
  claims: ModuleClaims,
  { now, lifeSeconds }: { now: Date; lifeSeconds: number },
): Promise<readonly [string, ...string[]]> {
  const { PARMA_SHARED_SECRET_KEY: shared, PARMA_ANALYTICS_SECRET_KEY: own } = tokenSecretsConfig();
  const expiry = Math.floor(now.getTime() / 1000) + lifeSeconds;
  const sign = (payload: Record<string, unknown>, key: Uint8Array) =>
    new SignJWT({ ...payload, exp: expiry }).setProtectedHeader({ alg: "HS256", typ: "JWT" }).sign(key);
  const inner = await sign(
    {
      sourcing_id: claims.sourceId,
      task_id: claims.taskId,
      company_id: claims.companyId,
      attempt: claims.attempt,
    },
    own[0],
  );
  const [preferred, ...others] = shared;
  const outer = (key: Uint8Array) => sign({ sourcing_id: inner }, key);
  return [await outer(preferred), ...(await Promise.all(others.map(outer)))];
}

/**
 * Checks a caller's `Authorization` header ("Bearer token", or the bare token) and reads its claims.
 *
 * @throws ApiError 401 where there is no valid token, 400 where a valid one lacks what it should carry.
 */
export async function verifyModuleToken(authorization: string | undefined, now: Date): Promise<ModuleClaims> {
  const token = authorization?.replace(/^Bearer\s+/i, "").trim();
  if (!token) throw new ApiError("missing_token", "Authorization header is required!");
  const { PARMA_SHARED_SECRET_KEY: shared, PARMA_ANALYTICS_SECRET_KEY: own } = tokenSecretsConfig();

  const outer = outerClaims.safeParse(
    await verify(token, shared, now, "Invalid shared token or expired token"),
  );
  if (!outer.success) {
    throw new ApiError("invalid_token_payload", "Authorization token not found in shared token");
  }
  const inner = innerClaims.safeParse(
    await verify(outer.data.sourcing_id, own, now, "Invalid authorization token or expired token"),
  );
  if (!inner.success) {
    throw new ApiError("invalid_token_payload", "source_id not found in authorization token");
  }
  const { sourcing_id, task_id, company_id, attempt } = inner.data;
  const correlation = correlationOf({ taskId: task_id });
  addLogIds({ correlation, source: sourcing_id, task: task_id, company: company_id, attempt });
  return { sourceId: sourcing_id, taskId: task_id, companyId: company_id, attempt };
}

/** The mining modules, each by the token that it was called with. */
export const modules: Callers<ModuleClaims> = { kind: "module", authorize: verifyModuleToken };

async function verify(token: string, keys: SigningKeys, now: Date, refusal: string): Promise<unknown> {
  try {
    return await verifySigned(token, keys, {
      requiredClaims: ["exp"],
      currentDate: now,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
    });
  } catch (error) {
    if (error instanceof errors.JOSEError) throw new ApiError("invalid_token", refusal, { cause: error });
    throw error;
  }
}
