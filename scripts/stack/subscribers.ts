import { z } from "zod";
import { type Database, selectRow } from "../../functions/src/platform/postgres.ts";

/** Someone who gets messages about all companies, through one channel. */
interface Subscriber {
  readonly name: string;
  readonly channel: "EMAIL" | "SLACK";
  readonly destination: string;
}

/** The users in the demo and the soak. */
export const SUBSCRIBERS: readonly Subscriber[] = [
  { name: "Anna", channel: "EMAIL", destination: "anna@investor.example" },
  { name: "Ben", channel: "SLACK", destination: "portfolio-news" },
];

const INSERT_USER = `
  insert into "user" (auth_id, name, modified_at) values (gen_random_uuid()::text, $1, now()) returning id`;

const FOLLOW_ALL = `
  insert into company_subscription (user_id, company_id, modified_at) select $1, id, now() from company`;

// With the purpose REPORT, which the web application's settings page gives every channel.
const INSERT_CHANNEL = `
  with channel as (
    insert into notification_channel (channel_type, destination, secret_id, modified_at)
    values ($2::channel_type, $3, $4, now()) returning id
  )
  insert into notification_subscription (user_id, channel_id, channel_purpose, modified_at)
  select $1, id, 'REPORT', now() from channel`;

/** Makes two users follow every company, one by email and one in Slack, as the web application would. */
export async function addSubscribers(db: Database, slackSecretId: string): Promise<void> {
  for (const { name, channel, destination } of SUBSCRIBERS) {
    const user = await selectRow(db, z.object({ id: z.int() }), INSERT_USER, [name]);
    await db.query(FOLLOW_ALL, [user?.id]);
    const secretId = channel === "SLACK" ? slackSecretId : null;
    await db.query(INSERT_CHANNEL, [user?.id, channel, destination, secretId]);
  }
}

/** A user's rule: reports changes from one value of a measurement to the next. */
export interface NewRule {
  readonly measurement: string;
  readonly name: string;
  readonly thresholdPercent: number;
}

const INSERT_RULE = `
  insert into notification_rules (rule_name, source_measurement_id, threshold, modified_at)
  select $3, id, $4, now() from source_measurement where source_module_id = $1 and measurement_name = $2`;

/** Adds a source's rule, as a user would. Its measurement exists after the handshake. */
export async function addRule(
  db: Database,
  { id, rule }: { readonly id: number; readonly rule: NewRule },
): Promise<void> {
  await db.query(INSERT_RULE, [id, rule.measurement, rule.name, rule.thresholdPercent]);
}
