import { configure } from "safe-stable-stringify";
import type { RawValue } from "./losslessJson.ts";

const stringify = configure({ bigint: true, deterministic: true, circularValue: Error });

/** JSON text that is the same for values that are equal: fields sorted by code units, no white space, every digit kept. */
export function canonicalJson(value: RawValue): string {
  return stringify(value) ?? "null";
}
