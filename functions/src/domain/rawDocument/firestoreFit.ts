import { isRawObject, type RawList, type RawObject, type RawValue } from "./losslessJson.ts";

// Firestore takes documents of up to 1 MiB. The event that a new document fires carries all of it, though, and
// Eventarc's limit for an event is 512 KB: over that, the document might never be normalized.
const MAX_BYTES = 450_000;
// The most that an entry takes in an event beside its name and its value.
const ENTRY_BYTES = 14;
const NUMBER_BYTES = 10;

// Counting the document's own field `data`, which is the raw answer itself.
const MAX_LEVELS = 20;

// Firestore takes 1500 bytes, for the path from the document's root and including its own escapes.
const MAX_PATH_BYTES = 1400;
const SIMPLE_NAME = /^[A-Za-z_]\w*$/;
const RESERVED_NAME = /^__.*__$/s;

/** A list or a map, and the length of the path that leads to it. */
interface Container {
  readonly value: RawList | RawObject;
  readonly pathBytes: number;
}

/**
 * Why Firestore cannot hold a raw answer as a map without loss.
 *
 * @returns undefined where it can
 */
export function firestoreObstacle(rawData: RawObject): string | undefined {
  let bytes = 0;
  // Level by level, without recursion: the nesting may be hostile.
  let containers: Container[] = [{ value: rawData, pathBytes: 0 }];
  for (let level = 1; containers.length > 0; level += 1) {
    if (level > MAX_LEVELS) return `it is nested deeper than ${MAX_LEVELS} levels`;
    const inner: Container[] = [];
    for (const container of containers) {
      const isField = isRawObject(container.value);
      for (const [name, value] of entriesOf(container.value)) {
        const pathBytes = container.pathBytes + (isField ? bytesInPath(name) : 0);
        const obstacle = (isField && nameObstacle(name, pathBytes)) || valueObstacle(value, isField);
        if (obstacle) return obstacle;
        bytes += ENTRY_BYTES + (isField ? Buffer.byteLength(name) : 0) + bytesOf(value);
        if (bytes > MAX_BYTES) return `it is larger than ${MAX_BYTES} bytes`;
        if (typeof value === "object" && value !== null) inner.push({ value, pathBytes });
      }
    }
    containers = inner;
  }
  return undefined;
}

/** One at a time: the first few of millions are enough to see that they are too many. */
function* entriesOf(value: RawList | RawObject): Generator<[name: string, RawValue]> {
  if (!isRawObject(value)) {
    for (const element of value) yield ["", element];
    return;
  }
  for (const name of Object.keys(value)) yield [name, value[name] ?? null];
}

/** A name that is not a simple word is quoted in a path, and quotes in it are escaped. */
function bytesInPath(name: string): number {
  return SIMPLE_NAME.test(name) ? name.length + 1 : Buffer.byteLength(name) * 2 + 3;
}

function nameObstacle(name: string, pathBytes: number): string | undefined {
  if (name === "") return "a field has an empty name";
  if (RESERVED_NAME.test(name)) return "a field's name is reserved in Firestore (__…__)";
  if (!name.isWellFormed()) return "a field's name is not valid Unicode";
  if (pathBytes > MAX_PATH_BYTES) return "a field's path is longer than Firestore takes";
  return undefined;
}

function valueObstacle(value: RawValue, isField: boolean): string | undefined {
  if (typeof value === "bigint") return "an integer is beyond 2^53";
  if (typeof value === "string" && !value.isWellFormed()) return "a string is not valid Unicode";
  if (Array.isArray(value) && !isField) return "a list is directly in a list";
  return undefined;
}

function bytesOf(value: RawValue): number {
  return typeof value === "string" ? Buffer.byteLength(value) : NUMBER_BYTES;
}
