import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { type Post, type PostAnswer, type PostProxy, send, startPostProxy } from "../../stack/postProxy.ts";
import type { Random } from "../random.ts";

/** How a task or an event gets lost, doubled or held back. */
export const MISHAPS = ["dropped", "doubled", "late"] as const;

export type Mishap = (typeof MISHAPS)[number];

/** How likely each is. */
export type Odds = Readonly<Record<Mishap, number>>;

/** What goes wrong with what is handed over. */
interface HandOverFaults {
  readonly odds: Odds;
  readonly random: Random;
  /** Whether whatever is handed over for the first time gets lost. */
  readonly isFirstDropped: boolean;
}

/** What is handed over on its way through a proxy. */
export interface HandOvers {
  /** The proxy's own address, as `host:port`. */
  readonly host: string;
  connectTo(port: number): void;
  /** From now on things go wrong; without odds, nothing does. */
  disturb(faults: HandOverFaults | undefined): void;
  /** How often each went wrong. */
  readonly counts: ReadonlyMap<Mishap, number>;
  /** How many are held back now. */
  held(): number;
}

/** What is particular to one kind of thing. */
interface Kind {
  /** What a request hands over: the same text for the same piece of work; undefined where it hands nothing over. */
  workOf(post: Post): string | undefined;
  /** What says that it was taken, where it was not passed on (yet). */
  accept(post: Post): PostAnswer;
  /** The same once more, as whoever delivers at least once does it. */
  again(post: Post): Post;
}

const TAKEN: PostAnswer = { status: 200, body: Buffer.from("{}") };

const task = z.object({ task: z.object({ httpRequest: z.object({ body: z.string() }) }) });

/**
 * In front of the tasks emulator: a task that is enqueued twice has two names, as the emulator keeps one of each. What
 * is enqueued again under another name is the same work.
 */
export const TASKS: Kind = {
  workOf: ({ method, url, body }) => {
    if (method !== "POST" || !url.pathname.endsWith("/tasks")) return undefined;
    return `${url.pathname} ${task.parse(JSON.parse(body.toString("utf8"))).task.httpRequest.body}`;
  },
  accept: ({ body }) => ({ status: 200, headers: { "content-type": "application/json" }, body }),
  again: (post) => {
    const text = post.body.toString("utf8").replace(/("name":"[^"]*)"/, '$1-again"');
    return { ...post, body: Buffer.from(text) };
  },
};

/** Between the Firestore emulator and the functions emulator: an event that comes twice has one id. */
export const EVENTS: Kind = {
  workOf: ({ headers, url }) =>
    headers["ce-type"] === undefined ? undefined : `${url.pathname} ${headers["ce-id"]}`,
  accept: () => TAKEN,
  again: (post) => post,
};

// Long enough for others to overtake it.
const LATE_MS = { from: 50, to: 2_500 };

/** Starts a proxy for tasks or for events. */
export async function startHandOvers(kind: Kind): Promise<HandOvers> {
  const counts = new Map<Mishap, number>();
  const handedOver = new Set<string>();
  let faults: HandOverFaults | undefined;
  let held = 0;

  const later = async (post: Post, ms: number) => {
    held += 1;
    try {
      await setTimeout(ms);
      await send(post);
    } catch {
      // Lost on the way: what hands over at least once would try again, and the sweeper must find it here.
    } finally {
      held -= 1;
    }
  };
  const proxy: PostProxy = await startPostProxy(async (post) => {
    const work = kind.workOf(post);
    if (work === undefined || faults === undefined) return send(post);
    const isFirst = !handedOver.has(work);
    handedOver.add(work);
    const mishap = isFirst && faults.isFirstDropped ? "dropped" : mishapOf(faults);
    if (mishap === undefined) return send(post);
    counts.set(mishap, (counts.get(mishap) ?? 0) + 1);
    const ms = faults.random.int(LATE_MS.from, LATE_MS.to);
    if (mishap === "doubled") {
      void later(kind.again(post), ms);
      return send(post);
    }
    if (mishap === "late") void later(post, ms);
    return kind.accept(post);
  });
  return {
    ...proxy,
    disturb: (wanted) => {
      faults = wanted;
      handedOver.clear();
    },
    counts,
    held: () => held,
  };
}

function mishapOf({ odds, random }: HandOverFaults): Mishap | undefined {
  let left = random.next();
  return MISHAPS.find((mishap) => {
    left -= odds[mishap];
    return left < 0;
  });
}
