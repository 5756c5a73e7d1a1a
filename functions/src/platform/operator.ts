import { createHash, timingSafeEqual } from "node:crypto";
import {
  createRemoteJWKSet,
  decodeJwt,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from "jose";
import { z } from "zod";
import { ApiError } from "./apiError.ts";
import { emulatorOperatorToken, operatorConfig } from "./config.ts";
import type { Callers } from "./http.ts";
import { addLogIds } from "./logContext.ts";

/** An operator: a user of our Firebase project, or a service account. */
export interface Operator {
  /** `user:<uid>`, `service:<email>` or `emulator`: for rows and log lines that say who did it. */
  readonly id: string;
}

/** Who is admitted, and how tokens are verified. */
export interface OperatorSettings {
  /** The Firebase project whose users may be operators. */
  readonly projectId: string;
  /** Our own address, which service accounts' tokens must be made for. */
  readonly publicUrl: string;
  /** The service accounts that are operators, by email. */
  readonly serviceAccounts: readonly string[];
  readonly userKeys: JWTVerifyGetKey;
  readonly serviceKeys: JWTVerifyGetKey;
}

const GOOGLE = "https://accounts.google.com";
// Both kinds of token live for an hour.
const TOKEN_LIFE_SECONDS = 3600;
const CLOCK_TOLERANCE_SECONDS = 5;

/**
 * Admits operators by `Authorization: Bearer <token>`: a Firebase ID token of a user with the custom claim
 * `operator: true`, or a Google-signed OIDC token of one of OPERATOR_SERVICE_ACCOUNTS. The emulator also takes
 * OPERATOR_TOKEN.
 *
 * @throws ApiError 401 without a valid token, 403 unless the caller is an operator, 503 if the keys cannot be fetched
 */
export const operators: Callers<Operator> = {
  kind: "operator",
  authorize: async (authorization, now) => {
    const found = await identify(shownToken(authorization), now);
    // All further log lines name the operator.
    addLogIds({ operator: found.id });
    return found;
  },
};

async function identify(token: string, now: Date): Promise<Operator> {
  const emulatorToken = emulatorOperatorToken();
  if (emulatorToken !== undefined && isSame(token, emulatorToken)) return { id: "emulator" };
  const config = operatorConfig();
  const settings = {
    projectId: config.GCLOUD_PROJECT,
    publicUrl: config.PUBLIC_URL,
    serviceAccounts: config.OPERATOR_SERVICE_ACCOUNTS,
    userKeys: keysAt(config.USER_TOKEN_KEYS_URL),
    serviceKeys: keysAt(config.SERVICE_TOKEN_KEYS_URL),
  };
  return verifyOperator(token, settings, now);
}

/** Returns whose token it is. @throws ApiError as {@link operator} */
export async function verifyOperator(
  token: string,
  settings: OperatorSettings,
  now: Date,
): Promise<Operator> {
  try {
    return decodeJwt(token).iss === GOOGLE
      ? await serviceAccount(token, settings, now)
      : await user(token, settings, now);
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    // The reason goes to the log only: it would help a forger.
    throw new ApiError("invalid_token", "The token is invalid or has expired", { cause: error });
  }
}

const userClaims = z.object({ sub: z.string().min(1).max(128), auth_time: z.number() });

async function user(token: string, settings: OperatorSettings, now: Date): Promise<Operator> {
  const payload = await verified(token, settings.userKeys, now, {
    issuer: `https://securetoken.google.com/${settings.projectId}`,
    audience: settings.projectId,
  });
  const claims = userClaims.safeParse(payload);
  if (!claims.success || claims.data.auth_time > now.getTime() / 1000 + CLOCK_TOLERANCE_SECONDS) {
    throw new ApiError("invalid_token", "The token is invalid or has expired");
  }
  // Exactly true: a claim of "true" or 1 was not set by the Admin SDK call that makes operators.
  if (payload["operator"] !== true) throw new ApiError("forbidden", "Operators only");
  return { id: `user:${claims.data.sub}` };
}

const serviceClaims = z.object({ email: z.string(), email_verified: z.literal(true) });

async function serviceAccount(token: string, settings: OperatorSettings, now: Date): Promise<Operator> {
  const { origin } = new URL(settings.publicUrl);
  const payload = await verified(token, settings.serviceKeys, now, {
    issuer: GOOGLE,
    audience: [origin, `${origin}/`],
  });
  const claims = serviceClaims.safeParse(payload);
  if (!claims.success || !settings.serviceAccounts.includes(claims.data.email)) {
    throw new ApiError("forbidden", "Operators only");
  }
  return { id: `service:${claims.data.email}` };
}

async function verified(
  token: string,
  keys: JWTVerifyGetKey,
  now: Date,
  expected: Pick<JWTVerifyOptions, "issuer" | "audience">,
): Promise<JWTPayload> {
  const { payload } = await jwtVerify(token, keyOf(keys), {
    ...expected,
    algorithms: ["RS256"],
    requiredClaims: ["exp", "iat", "sub"],
    maxTokenAge: TOKEN_LIFE_SECONDS,
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    currentDate: now,
  });
  return payload;
}

/** The key that a token names. If keys cannot be fetched, that is our fault, not the caller's. */
function keyOf(keys: JWTVerifyGetKey): JWTVerifyGetKey {
  return async (header, token) => {
    // With only one key, jose would use it whatever the token names.
    if (typeof header.kid !== "string") throw new errors.JWKSNoMatchingKey();
    try {
      return await keys(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) throw error;
      throw new ApiError("unavailable", "The keys that verify tokens could not be fetched; try again", {
        cause: error,
      });
    }
  };
}

const keySets = new Map<string, JWTVerifyGetKey>();

/** The published keys at an address: kept for ten minutes, and fetched anew for a key that is not among them. */
function keysAt(url: string): JWTVerifyGetKey {
  const known = keySets.get(url);
  if (known !== undefined) return known;
  const keys = createRemoteJWKSet(new URL(url));
  keySets.set(url, keys);
  return keys;
}

function shownToken(authorization: string | undefined): string {
  const shown = /^Bearer\s+(\S+)\s*$/i.exec(authorization ?? "")?.[1];
  if (shown !== undefined) return shown;
  throw new ApiError("missing_token", "Operators only: send Authorization: Bearer <token>");
}

function isSame(shown: string, expected: string): boolean {
  // Digests have equal length, which the comparison needs, and its timing reveals nothing.
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(shown), digest(expected));
}
