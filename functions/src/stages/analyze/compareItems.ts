import { sameText } from "../../domain/words/markup.ts";
import { bareAddress, IDS } from "./changes.ts";
import type { NamingValue } from "./itemNames.ts";

/** A value of an item. */
export interface ItemValue extends NamingValue {
  readonly isKnown: boolean;
  readonly isComment: boolean;
}

/** An element of a list. */
export interface Item {
  /** Whether any of its values was there before, at any time. */
  isKnown: boolean;
  readonly values: ItemValue[];
}

export type ItemEntry = readonly [key: string, item: Item];

/** What is new and what is gone between two observations of a list, by the items' keys and by what a reader sees. */
export function compareItems(then: ReadonlyMap<string, Item>, now: ReadonlyMap<string, Item>) {
  const reusedKeys = [...now.keys()].filter((key) => {
    const [before, after] = [then.get(key), now.get(key)];
    return before !== undefined && after !== undefined && isAnotherItem(before, after);
  });
  const isReused = new Set(reusedKeys);
  const removed = [...then].filter(([key]) => !now.has(key) || isReused.has(key));
  const added = [...now].filter(([key, { isKnown }]) => isReused.has(key) || (!isKnown && !then.has(key)));
  const shared = new Set([...repeatedLinks(then), ...repeatedLinks(now)]);
  return { ...withoutTwins(removed, added, shared), reusedKeys };
}

/** Links that several items have, as that of the company's own page, tell none of them. */
function repeatedLinks(items: ReadonlyMap<string, Item>): string[] {
  const seen = new Set<string>();
  return [...items.values()].flatMap((item) => {
    const { link } = marksOf(item);
    if (link === undefined) return [];
    if (seen.has(link)) return [link];
    seen.add(link);
    return [];
  });
}

/** Leaves out the items that go by another key now: each gone one stands for one new one. */
function withoutTwins(
  removed: readonly ItemEntry[],
  added: readonly ItemEntry[],
  shared: ReadonlySet<string>,
) {
  if (removed.length === 0 || added.length === 0) return { removed, added };
  const twins = new Set<Item>();
  const markIn: readonly ((item: Marks) => string | undefined)[] = [
    // The surest first.
    ({ link }) => (link === undefined || shared.has(link) ? undefined : link),
    ({ title, dates }) => (title === undefined ? undefined : `${title} ${dates}`),
  ];
  for (const markOf of markIn) {
    const waiting = new Map<string, Item[]>();
    for (const [, item] of removed) {
      const mark = twins.has(item) ? undefined : markOf(marksOf(item));
      if (mark !== undefined) waiting.set(mark, [...(waiting.get(mark) ?? []), item]);
    }
    for (const [, item] of added) {
      const mark = twins.has(item) ? undefined : markOf(marksOf(item));
      const twin = mark === undefined ? undefined : waiting.get(mark)?.shift();
      if (twin !== undefined) twins.add(item).add(twin);
    }
  }
  const isAlone = ([, item]: ItemEntry) => !twins.has(item);
  return { removed: removed.filter(isAlone), added: added.filter(isAlone) };
}

/** What a reader knows an item by. */
interface Marks {
  readonly title: string | undefined;
  readonly link: string | undefined;
  readonly dates: string;
}

// The values of the document before are cut there.
const COMPARED = 200;
const TITLES = /\b(?:title|name|headline)\b/i;

function marksOf({ values }: Item): Marks {
  const of = (type: string) =>
    values.flatMap(({ type: own, value, measurement }) =>
      own === type && value !== null ? [{ value: value.slice(0, COMPARED), name: measurement.name }] : [],
    );
  const title = of("text").find(({ name }) => TITLES.test(name) && !IDS.test(name))?.value;
  const link = of("link")[0]?.value;
  return {
    title: title === undefined ? undefined : sameText(title),
    link: link === undefined ? undefined : bareAddress(link),
    dates: of("date")
      .map(({ value }) => value)
      .join(" "),
  };
}

/** One that says something else, and is found elsewhere or of another day. */
function isAnotherItem(before: Item, after: Item): boolean {
  const [then, now] = [marksOf(before), marksOf(after)];
  if (then.title === undefined || now.title === undefined || then.title === now.title) return false;
  if (then.link !== undefined && now.link !== undefined) return then.link !== now.link;
  return then.dates !== "" && now.dates !== "" && then.dates !== now.dates;
}
