import { errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { ApiError } from "../platform/apiError.ts";
import { tokenSecretsConfig } from "../platform/config.ts";

/**
 * The token that a mining module is called with and sends back unchanged: an HS256 JWT that carries another one.
 * The outer one (shared secret) lets the module check who calls; the inner one (our own secret) tells us what
 * the caller may touch. Modules look at the outer one's signature and expiry only.
 */
const outerClaims = z.object({ sourcing_id: z.string() });

const id = z.number().int().positive();

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

/** Signs a token for `claims` that lives for `lifeSeconds` from `now`. */
export async function signModuleToken(
  claims: ModuleClaims,
  { now, lifeSeconds }: { now: Date; lifeSeconds: number },
): Promise<string> {
  const { shared, own } = keys();
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
    own,
  );
  return sign({ sourcing_id: inner }, shared);
}

/**
 * Checks a caller's `Authorization` header ("Bearer token", or the bare token) and reads its claims.
 *
 * @throws ApiError 401 where there is no valid token, 400 where a valid one lacks what it should carry.
 */
export async function verifyModuleToken(authorization: string | undefined, now: Date): Promise<ModuleClaims> {
  const token = authorization?.replace(/^Bearer\s+/i, "").trim();
  if (!token) throw new ApiError("missing_token", "Authorization header is required!");
  const { shared, own } = keys();

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
  return { sourceId: sourcing_id, taskId: task_id, companyId: company_id, attempt };
}

async function verify(token: string, key: Uint8Array, now: Date, refusal: string): Promise<unknown> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ["HS256"],
      requiredClaims: ["exp"],
      currentDate: now,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) throw new ApiError("invalid_token", refusal, { cause: error });
    throw error;
  }
}

function keys(): { shared: Uint8Array; own: Uint8Array } {
  const secrets = tokenSecretsConfig();
  const encoder = new TextEncoder();
  return {
    shared: encoder.encode(secrets.PARMA_SHARED_SECRET_KEY),
    own: encoder.encode(secrets.PARMA_ANALYTICS_SECRET_KEY),
  };
}
