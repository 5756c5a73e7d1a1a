import { z } from "zod";

/** What a raw document had of a list at its top level. */
const documentList = z.object({
  /** How many elements, those that are null left out. */
  size: z.int(),
  /** The keys of the first and the last item; absent where the list is empty. */
  first: z.string().optional(),
  last: z.string().optional(),
  /** Where one object came in place of a list: the key that it would have as its item. Its values have none. */
  single: z.string().optional(),
  /** What the map says of it: all there is, or only the newest. Absent where it says nothing. */
  extent: z.enum(["complete", "window"]).optional(),
});
export type DocumentList = z.output<typeof documentList>;

/** The lists that came, by the id of their measurement; null, or anything that is no list, is none. */
export type DocumentLists = ReadonlyMap<number, DocumentList>;

/** Reads the column `lists`. A document that was normalized before the column was there has undefined. */
export const storedLists = z
  .record(z.string().regex(/^\d+$/), documentList)
  .nullable()
  .transform((lists): DocumentLists | undefined =>
    lists === null ? undefined : new Map(Object.entries(lists).map(([id, list]) => [Number(id), list])),
  );

/** The lists as the column has them. */
export function listsColumn(lists: DocumentLists): string {
  return JSON.stringify(Object.fromEntries(lists));
}
