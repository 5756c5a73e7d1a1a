import type { ListsBefore } from "../../domain/analysis/dataProblem.ts";
import type { DocumentPoints, EarlierValue, Measurement } from "../../domain/analysis/series.ts";
import type { DocumentLists } from "../../domain/extraction/documentLists.ts";
import type { Candidate } from "./candidate.ts";
import { compareItems, type Item, type ItemEntry, type ItemValue } from "./compareItems.ts";
import { nameOf } from "./itemNames.ts";

interface List {
  readonly name: string;
  readonly items: Map<string, Item>;
  hasComments: boolean;
}

/** By nested measurement: its series for the company. */
export type ListSeries = ReadonlyMap<number, number>;

/** What the lists were and are, and their series. */
interface Context {
  readonly observedAt: Date;
  readonly listSeries: ListSeries;
  readonly lists: ListsBefore;
}

/** What became of the items of a document's lists. */
export interface ItemsTold {
  readonly candidates: readonly Candidate[];
  /** Whether a key stands for another item than before: nothing of the one is a change of the other. */
  readonly isReused: (measurement: Measurement, itemKey: string) => boolean;
}

/**
 * Findings for the items that are new in a list, or gone from it: one for each list. An item that has another key but is
 * the same to a reader is neither. Silent are lists within lists (the comments of the submissions of a search), and that
 * comments are gone (modules give the first page of them).
 */
export function itemsNewAndGone(
  points: DocumentPoints,
  earlier: readonly EarlierValue[],
  context: Context,
): ItemsTold {
  const { lists } = context;
  const now = listsOf(valuesOf(points), lists.now);
  const then = listsOf(
    earlier.map((value) => ({ ...value, isKnown: true, isComment: value.type === "comment" })),
    lists.earlier,
  );
  const reused = new Set<string>();
  const candidates = [...then].flatMap(([listId, list]) => {
    // Nothing came in its place, or what is no list: that says nothing of its items.
    if (lists.now !== undefined && !lists.now.has(listId)) return [];
    const current = now.get(listId)?.items ?? new Map<string, Item>();
    const { added, removed, reusedKeys } = compareItems(list.items, current);
    for (const key of reusedKeys) reused.add(`${listId} ${key}`);
    const gone = list.hasComments || isWindow(listId, lists, current) ? [] : removed;
    const isOther = removed.length === list.items.size && removed.length > 1 && current.size > 0;
    return isOther && !isFeed(lists, removed)
      ? []
      : listFinding({ listId, list, size: current.size }, { added, gone: isOther ? [] : gone }, context);
  });
  return {
    candidates,
    isReused: ({ parent }, itemKey) => parent !== null && reused.has(`${parent.id} ${itemKey}`),
  };
}

/**
 * Whether a list that has none of its items any more goes on with others. Else they were known by their place, which says
 * nothing, or by a release that did not record lists.
 */
function isFeed({ now, earlier }: ListsBefore, removed: readonly ItemEntry[]): boolean {
  return now !== undefined && earlier !== undefined && !removed.every(([key]) => /^\[\d+\]$/.test(key));
}

const MAX_NAMED = 5;

function listFinding(
  { listId, list, size }: { readonly listId: number; readonly list: List; readonly size: number },
  { added, gone }: { readonly added: readonly ItemEntry[]; readonly gone: readonly ItemEntry[] },
  { observedAt, listSeries }: Context,
): Candidate[] {
  const companyMeasurementId = listSeries.get(listId);
  if (companyMeasurementId === undefined || added.length + gone.length === 0) return [];
  const isTurnover = added.length > 2 && added.length * 2 >= size;
  return [
    {
      detector: "change",
      measurementId: listId,
      companyMeasurementId,
      itemKey: "",
      observedAt,
      // A fifth of a list that goes at once is more than tidying up.
      severity: gone.length >= 3 && gone.length * 5 >= list.items.size ? "medium" : "low",
      measurement: { id: listId, name: list.name, type: "nested", parent: null },
      facts: {
        kind: "items",
        changed: [],
        changedCount: 0,
        added: namesOf(added),
        addedCount: added.length,
        removed: namesOf(gone),
        removedCount: gone.length,
        // A feed that is another one each day is spaced like any series that goes on in one way.
        ...(isTurnover ? { direction: "new" } : {}),
        why: "The list is not what it was in the observation before.",
      },
    },
  ];
}

function namesOf(items: readonly ItemEntry[]): string[] {
  const names = items.flatMap(([key, { values }]) => nameOf(values, key) ?? []);
  return [...new Set(names)].slice(0, MAX_NAMED);
}

/**
 * Whether a list shows the newest items only, so that what leaves it is not gone: the map says so, or it is as long as
 * before and moved on at one end.
 */
function isWindow(listId: number, { now, earlier }: ListsBefore, items: ReadonlyMap<string, Item>): boolean {
  const list = now?.get(listId);
  const before = earlier?.get(listId);
  if (list?.extent !== undefined) return list.extent === "window";
  if (list === undefined || before === undefined || list.size !== before.size) return false;
  const { first, last } = before;
  if (first === undefined || last === undefined || first === last) return false;
  return (
    items.has(first) !== items.has(last) && (items.has(first) ? list.first !== first : list.last !== last)
  );
}

function valuesOf({ numeric, texts, comments }: DocumentPoints): ItemValue[] {
  return [
    ...numeric.map((point) => ({
      ...point,
      type: "number",
      value: null,
      isKnown: point.previous !== null,
      isComment: false,
    })),
    ...texts.map((point) => ({ ...point, isKnown: point.previous !== null, isComment: false })),
    ...comments.map((point) => ({ ...point, type: "comment", value: null, isComment: true })),
  ];
}

function listsOf(values: readonly ItemValue[], recorded: DocumentLists | undefined): Map<number, List> {
  const lists = new Map<number, List>();
  for (const value of values) {
    const { parent } = value.measurement;
    if (parent === null || !parent.isTop) continue;
    const itemKey = value.itemKey === "" ? recorded?.get(parent.id)?.single : value.itemKey;
    if (itemKey === undefined) continue;
    const list = lists.get(parent.id) ?? { name: parent.name, items: new Map(), hasComments: false };
    list.hasComments ||= value.isComment;
    const item = list.items.get(itemKey) ?? { isKnown: false, values: [] };
    item.isKnown ||= value.isKnown;
    item.values.push(value);
    list.items.set(itemKey, item);
    lists.set(parent.id, list);
  }
  return lists;
}
