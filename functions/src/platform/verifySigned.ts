import { type CryptoKey, errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from "jose";
import type { SigningKeys } from "./signingKeys.ts";

/**
 * The payload of a token that one of our keys has signed with HS256.
 *
 * @throws JOSEError where none has, or the token is not what `options` ask for
 */
export async function verifySigned(
  token: string,
  keys: SigningKeys,
  options: Omit<JWTVerifyOptions, "algorithms"> = {},
): Promise<JWTPayload> {
  let failure: unknown;
  for (const key of keys) {
    try {
      const { payload } = await jwtVerify(token, await imported(key), { ...options, algorithms: ["HS256"] });
      return payload;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
      failure = error;
    }
  }
  throw failure;
}

type Key = SigningKeys[number];

const importedKeys = new WeakMap<Key, CryptoKey>();

/** Importing a key takes as long as checking a signature, and the environment's keys stay the same. */
async function imported(key: Key): Promise<CryptoKey> {
  const known = importedKeys.get(key);
  if (known !== undefined) return known;
  const made = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, [
    "verify",
  ]);
  importedKeys.set(key, made);
  return made;
}
