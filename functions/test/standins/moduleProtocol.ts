import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";

/** Why a mining module answers 401, in its words; undefined for a token that it accepts. */
export function tokenProblem(authorization: string | undefined, sharedSecret: string): string | undefined {
  if (!authorization) return "Authorization header is required!";
  const isValid = isValidToken(authorization.replace(/^Bearer /, ""), sharedSecret);
  return isValid ? undefined : "Invalid shared token or expired token";
}

const header = z.object({ alg: z.literal("HS256") });
const claims = z.object({ exp: z.number() });

/** Modules look at the outer token's signature and expiry, and at nothing else. */
function isValidToken(token: string, sharedSecret: string): boolean {
  const [head = "", payload = "", signature = ""] = token.split(".");
  const wanted = createHmac("sha256", sharedSecret).update(`${head}.${payload}`).digest();
  const given = Buffer.from(signature, "base64url");
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return false;
  const expiry = claims.safeParse(decode(payload));
  return header.safeParse(decode(head)).success && expiry.success && expiry.data.exp * 1000 > Date.now();
}

function decode(part: string): unknown {
  return JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
}

/** A value as Python prints it: modules put the repr of a dict into their answer to /initialize. */
export function pythonRepr(value: unknown): string {
  if (value === null) return "None";
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(", ")}]`;
  switch (typeof value) {
    case "string":
      return pythonString(value);
    case "boolean":
      return value ? "True" : "False";
    case "object":
      return `{${Object.entries(value)
        .map(([key, entry]) => `${pythonString(key)}: ${pythonRepr(entry)}`)
        .join(", ")}}`;
    default:
      return String(value);
  }
}

function pythonString(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t")
    .replaceAll(quote, `\\${quote}`);
  return quote + escaped + quote;
}

/** A time as Python's isoformat() gives it for a datetime without a zone. */
export function pythonIsoFormat(date: Date): string {
  return date.toISOString().replace("Z", "000");
}
