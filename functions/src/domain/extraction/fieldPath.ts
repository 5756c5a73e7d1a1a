import { shortened } from "./storableText.ts";

// A path is part of a primary key, whose entries PostgreSQL limits to 2.7 kB.
const MAX_LENGTH = 300;

/** The path of a field below another path; a name that would be ambiguous or cannot be stored is quoted. */
export function fieldPath(parent: string, field: string): string {
  if (!/^[\w][\w -]*$/.test(field)) return shortened(`${parent}[${JSON.stringify(field)}]`, MAX_LENGTH);
  return shortened(parent === "" ? field : `${parent}.${field}`, MAX_LENGTH);
}

/** The path of a list's element. */
export function elementPath(parent: string, index: number): string {
  return shortened(`${parent}[${index}]`, MAX_LENGTH);
}
