import { setTimeout } from "node:timers/promises";
import type { RawObject } from "../../../functions/src/domain/rawDocument/losslessJson.ts";
import { selectRows } from "../../../functions/src/platform/postgres.ts";
import { follow, insertChannel, insertUser } from "../../../functions/test/subscribers.ts";
import { isSettled, openWork } from "../../stack/openWork.ts";
import type { Query } from "../../stack/query.ts";
import { addRule } from "../../stack/subscribers.ts";
import type { Shape } from "../portfolio/shapes.ts";
import { type Backends, SLACK_SECRET_ID } from "./backends.ts";
import type { FedCompany, FedSource } from "./source.ts";

const RULE = { measurement: "total repository stars", name: "Stars", thresholdPercent: 10 };

/** Has someone follow all companies of a source in Slack, and be told where the stars of one have moved. */
export async function followStars({ db }: Backends, { id, companies }: FedSource): Promise<void> {
  const user = await insertUser(db);
  await insertChannel(db, user, {
    type: "SLACK",
    destination: "portfolio-news",
    secretId: SLACK_SECRET_ID,
  });
  for (const company of companies) await follow(db, user, company.id);
  await addRule(db, { id, rule: RULE });
}

/** Answers of which each is news: the stars double, and fall back. */
export class News {
  private readonly shape: Shape;
  private readonly given = new Map<number, number>();

  constructor(shape: Shape) {
    this.shape = shape;
  }

  next({ id, name }: FedCompany): RawObject {
    const count = (this.given.get(id) ?? 0) + 1;
    this.given.set(id, count);
    return { ...this.shape.answer(name), aggregated_sum_stars: count % 2 === 0 ? 10_000 : 5_000 };
  }
}

const LOOK_EVERY_MS = 50;

/** Resolves when all that was fed, mined and found is done with. */
export async function untilSettled({ db }: Backends): Promise<void> {
  const query: Query = (schema, text, values) => selectRows(db, schema, text, values);
  while (!isSettled(await openWork(query))) await setTimeout(LOOK_EVERY_MS);
}
