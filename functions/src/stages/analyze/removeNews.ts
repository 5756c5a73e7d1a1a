import { z } from "zod";
import type { Batch, ExpiredOfSource, RetentionStores } from "../../domain/upkeep/upkeep.ts";
import { selectRows } from "../../platform/postgres.ts";

const NEWS_A_BATCH = 500;

// Reads news_data_source_id_created_at_idx; findings go with their news, by the foreign key. What an open message is
// about to tell stays until it is link.
const REMOVE = `
  with expired as (
    select id from news
     where data_source_id = $1 and created_at < $2
       and not exists (
         select from pipeline.finding
           join pipeline.delivery_finding link on link.finding_id = finding.id
           join pipeline.delivery on delivery.id = link.delivery_id
          where finding.news_id = news.id and delivery.state in ('PENDING', 'SENDING'))
     order by created_at
     limit $3
       for update skip locked
  ), removed as (
    delete from news using expired where news.id = expired.id
  )
  select expired.id, array(
           select link.delivery_id::text from pipeline.finding
             join pipeline.delivery_finding link on link.finding_id = finding.id
            where finding.news_id = expired.id) as deliveries
    from expired`;

const REMOVE_EMPTY_MESSAGES = `
  delete from pipeline.delivery
   where id = any ($1::bigint[]) and kind = 'ALERT' and state not in ('PENDING', 'SENDING')
     and not exists (select from pipeline.delivery_finding where delivery_id = delivery.id)`;

const expiredRow = z.object({ id: z.int(), deliveries: z.array(z.string()) });

/** Removes news with their findings, and the messages that were about nothing else. */
export function removeNews(
  { db }: Pick<RetentionStores, "db">,
  { sourceId, before }: ExpiredOfSource,
): Promise<Batch> {
  return db.transaction(async (connection) => {
    const news = await selectRows(connection, expiredRow, REMOVE, [sourceId, before, NEWS_A_BATCH]);
    const affected = new Set(news.flatMap(({ deliveries }) => deliveries));
    await connection.query(REMOVE_EMPTY_MESSAGES, [[...affected]]);
    return { removed: news.length, isLast: news.length < NEWS_A_BATCH };
  });
}
