import { SignJWT } from "jose";
import { z } from "zod";
import { type ModuleClaims, signModuleTokens } from "../../src/domain/miningModule/moduleToken.ts";

/** A call as a module or the web application makes it. */
export interface SentCall {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE" | "PATCH";
  readonly path: string;
  /** Sent as JSON, unless it is text or bytes already. */
  readonly body?: unknown;
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Makes a call and reads the answer, which is JSON whatever happens. */
export async function call(baseUrl: string, { method = "POST", path, body, token, headers = {} }: SentCall) {
  const isRaw = typeof body === "string" || body instanceof Uint8Array;
  const response = await fetch(`${baseUrl}${path}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isRaw ? new Blob([body]) : JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  return { status: response.status, headers: response.headers, answer };
}

/** The answer to a refused call. */
export const refusal = z.strictObject({
  error: z.strictObject({
    code: z.string(),
    message: z.string().min(1),
    details: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
  }),
  detail: z.string().min(1),
});

/** A token as mineCompany gives it to a module. */
export async function tokenFor(claims: ModuleClaims): Promise<string> {
  const [token] = await signModuleTokens(claims, { now: new Date(), lifeSeconds: 600 });
  return token;
}

/** A token of one's own making: whatever claims, signed with whatever key, with an expiry unless it is null. */
export function forged(
  claims: Record<string, unknown>,
  key: string,
  expiresIn: number | null = 600,
): Promise<string> {
  const jwt = new SignJWT(claims).setProtectedHeader({ alg: "HS256" });
  if (expiresIn !== null) jwt.setExpirationTime(Math.floor(Date.now() / 1000) + expiresIn);
  return jwt.sign(new TextEncoder().encode(key));
}

/** A token that says of itself that it needs no signature. */
export function unsigned(claims: Record<string, unknown>): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 600;
  return `${part({ alg: "none", typ: "JWT" })}.${part({ ...claims, exp })}.`;
}
