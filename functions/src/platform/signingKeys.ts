import { z } from "zod";

/** The keys of a secret, at least one: the first signs, all verify. */
export type SigningKeys = readonly [Uint8Array, ...Uint8Array[]];

const key = z.string().min(1);
const keyList = z.union([z.tuple([key]), z.tuple([key, key])]);

/** HS256 wants a key as long as its hash (RFC 7518, 3.2). */
const MIN_KEY_BYTES = 32;

/**
 * A secret that holds its key as it is or, while it is rotated, a JSON list of two. A key that itself begins with a
 * bracket is written as a list of one.
 */
export const signingKeys = key.transform((value, context): SigningKeys => {
  // What the value is must not be said: it is a secret.
  const refuse = (message: string) => {
    context.issues.push({ code: "custom", message, input: "" });
    return z.NEVER;
  };
  if (!value.startsWith("[")) return [encoded(value)];
  const list = keyList.safeParse(parsedJson(value));
  if (!list.success) return refuse('expected a key, or a JSON list ["one", "two"]');
  const [first, ...others] = list.data;
  return [encoded(first), ...others.map(encoded)];
});

const keyBytes = new Map<string, Uint8Array>();

/** The same bytes for the same key each time: `verifySigned` keeps by them what it makes of a key. */
function encoded(value: string): Uint8Array {
  const bytes = keyBytes.get(value) ?? new TextEncoder().encode(value);
  keyBytes.set(value, bytes);
  return bytes;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * What is wrong with keys that are used together, by the name of the secret. Nothing of a key is in it.
 *
 * @param secrets by name; keys of two secrets must differ, and so must the keys of one
 */
export function weaknessesOf(secrets: Readonly<Record<string, SigningKeys>>): string[] {
  const seen = new Map<string, string>();
  return Object.entries(secrets).flatMap(([name, keys]) =>
    keys.flatMap((bytes) => {
      const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
      const other = seen.get(text);
      seen.set(text, name);
      return [
        ...(bytes.length < MIN_KEY_BYTES
          ? [`${name} is shorter than ${MIN_KEY_BYTES} bytes: set one from \`openssl rand -base64 32\`.`]
          : []),
        ...(text.trim() === text ? [] : [`${name} has white space at its beginning or end.`]),
        ...(other === undefined
          ? []
          : [other === name ? `${name} holds one key twice.` : `${name} and ${other} are the same key.`]),
      ];
    }),
  );
}
