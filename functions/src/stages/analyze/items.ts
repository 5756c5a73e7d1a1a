import type { ListsBefore } from "../../domain/analysis/dataProblem.ts";
import type { DocumentPoints, EarlierValue, Measurement } from "../../domain/analysis/series.ts";
import type { DocumentLists } from "../../domain/extraction/documentLists.ts";
import type { Candidate } from "./candidate.ts";
import type { ItemNames } from "./itemNames.ts";

interface ItemValue {
  readonly measurement: Measurement;
  readonly itemKey: string;
  readonly isKnown: boolean;
  readonly isComment: boolean;
}

interface List {
  readonly name: string;
  /** True where any value of the item was there before. */
  readonly items: Map<string, { isKnown: boolean; measurement: Measurement }>;
  hasComments: boolean;
}

/** By nested measurement: its series for the company. */
export type ListSeries = ReadonlyMap<number, number>;

/** What a list of items was and is, with its name and its series. */
interface Context {
  readonly observedAt: Date;
  readonly names: ItemNames;
  readonly listSeries: ListSeries;
  readonly lists: ListsBefore;
}

const MAX_NAMED = 5;

/**
 * Findings for the items that are new in a list, or gone from it: one for each list. Silent are lists within lists
 * (the comments of the submissions of a search); that comments are gone (modules give the first page of them); and a
 * list of several items that all gave way to others: the document is about something else, as a second handle.
 */
export function itemsNewAndGone(
  points: DocumentPoints,
  earlier: readonly EarlierValue[],
  { observedAt, names, listSeries, lists }: Context,
): Candidate[] {
  const now = listsOf(valuesOf(points), lists.now);
  const then = listsOf(
    earlier.map((value) => ({ ...value, isKnown: true, isComment: value.type === "comment" })),
    lists.earlier,
  );
  return [...then].flatMap(([listId, list]) => {
    // Nothing came in its place, or what is no list: that says nothing of its items.
    if (lists.now !== undefined && !lists.now.has(listId)) return [];
    const current = now.get(listId);
    const companyMeasurementId = listSeries.get(listId);
    const added = [...(current?.items ?? [])].filter(([key, item]) => !item.isKnown && !list.items.has(key));
    const removed = [...list.items].filter(([key]) => current?.items.has(key) !== true);
    const isAnother = removed.length === list.items.size && removed.length > 1 && current !== undefined;
    if (companyMeasurementId === undefined || isAnother) return [];
    const gone = list.hasComments || isWindow(listId, lists, current?.items) ? [] : removed;
    if (added.length + gone.length === 0) return [];
    const label = (items: typeof added) => [
      ...new Set(items.flatMap(([key, { measurement }]) => names(measurement, key) ?? [])),
    ];
    return [
      {
        detector: "change",
        measurementId: listId,
        companyMeasurementId,
        itemKey: "",
        observedAt,
        // A fifth of a list that goes at once is more than tidying up.
        severity:
          gone.length >= 3 && gone.length * 5 >= list.items.size ? ("medium" as const) : ("low" as const),
        measurement: { id: listId, name: list.name, type: "nested", parent: null },
        facts: {
          kind: "items" as const,
          changed: [],
          changedCount: 0,
          added: label(added).slice(0, MAX_NAMED),
          addedCount: added.length,
          removed: label(gone).slice(0, MAX_NAMED),
          removedCount: gone.length,
          why: "The list is not what it was in the observation before.",
        },
      },
    ];
  });
}

function valuesOf({ numeric, texts, comments }: DocumentPoints): ItemValue[] {
  return [
    ...numeric.map((point) => ({ ...point, isKnown: point.previous !== null, isComment: false })),
    ...texts.map((point) => ({ ...point, isKnown: point.previous !== null, isComment: false })),
    ...comments.map((point) => ({ ...point, isComment: true })),
  ];
}

/**
 * Whether a list shows the newest items only, so that what leaves it is not gone: the map says so, or it is as long as
 * before and moved on at one end.
 */
function isWindow(listId: number, { now, earlier }: ListsBefore, items: List["items"] | undefined): boolean {
  const list = now?.get(listId);
  const before = earlier?.get(listId);
  if (list?.extent !== undefined) return list.extent === "window";
  if (list === undefined || before === undefined || list.size !== before.size) return false;
  const { first, last } = before;
  if (first === undefined || last === undefined) return false;
  const has = (key: string) => items?.has(key) === true;
  return has(first) !== has(last) && (has(first) ? list.first !== first : list.last !== last);
}

function listsOf(values: readonly ItemValue[], recorded: DocumentLists | undefined): Map<number, List> {
  const lists = new Map<number, List>();
  for (const { measurement, itemKey: ownKey, isKnown, isComment } of values) {
    const { parent } = measurement;
    if (parent === null || !parent.isTop) continue;
    const itemKey = ownKey === "" ? recorded?.get(parent.id)?.single : ownKey;
    if (itemKey === undefined) continue;
    const list = lists.get(parent.id) ?? { name: parent.name, items: new Map(), hasComments: false };
    list.hasComments ||= isComment;
    list.items.set(itemKey, { measurement, isKnown: isKnown || list.items.get(itemKey)?.isKnown === true });
    lists.set(parent.id, list);
  }
  return lists;
}
