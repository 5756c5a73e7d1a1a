import { z } from "zod";
import type { Query } from "../stack/query.ts";
import { DOCUMENTS, NEWS, SCORES, UNKNOWN_MESSAGES, UNSCORED, VALUES } from "./outcomeSql.ts";

/** Something that a run left: what it is, whatever its ids are, and those ids, to find it. */
export interface Trace {
  readonly what: string;
  readonly ids: string;
}

/** What a run left, by kind. */
export interface SoakOutcome {
  readonly documents: readonly Trace[];
  readonly values: readonly Trace[];
  readonly scores: readonly Trace[];
  readonly news: readonly Trace[];
  readonly messages: readonly Trace[];
  /** What was given up on purpose. */
  readonly excuses: readonly Excuse[];
}

/** Something that may be missing, once, because it was given up rather than done twice. */
export interface Excuse {
  readonly kind: "messages" | "scores";
  readonly starts: string;
  readonly contains: string;
}

const trace = z.object({ what: z.string(), ids: z.string() });

/** Reads what a run left in its database; what arrived where is given. */
export async function readOutcome(query: Query, messages: readonly Trace[]): Promise<SoakOutcome> {
  return {
    documents: await query(trace, DOCUMENTS),
    values: await query(trace, VALUES),
    scores: await query(trace, SCORES),
    news: await query(trace, NEWS),
    messages,
    excuses: await readExcuses(query),
  };
}

const excuse = z.object({ starts: z.string(), contains: z.string() });

/** What docs/promises.md gives up: messages that may have arrived, and comments' scores. */
async function readExcuses(query: Query): Promise<Excuse[]> {
  const messages = await query(excuse, UNKNOWN_MESSAGES);
  const scores = await query(excuse, UNSCORED);
  return [
    ...messages.map((one) => ({ kind: "messages" as const, ...one })),
    ...scores.map((one) => ({ kind: "scores" as const, ...one })),
  ];
}
