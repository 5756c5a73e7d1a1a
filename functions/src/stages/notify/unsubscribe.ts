import { z } from "zod";
import { settingsLink } from "../../domain/message/links.ts";
import { type LinkScope, verifyLink } from "../../domain/message/linkToken.ts";
import { addressOf } from "../../domain/message/userChannels.ts";
import { anyone, HtmlPage, type Paths, type Reply, route } from "../../platform/http.ts";
import { type Database, database, selectRow } from "../../platform/postgres.ts";
import { askPage, donePage, invalidPage, undonePage } from "./unsubscribePage.ts";

const link = z.object({ token: z.string().default(""), undo: z.string().optional() });

/**
 * The links of messages that silence. GET only asks, because mail scanners and previews follow links; POST does it
 * (RFC 8058: a mail client's one click), whatever its body says.
 */
export const paths: Paths = {
  "/": {
    GET: route(
      { callers: anyone, summary: "where links in messages lead: asks for confirmation", query: link },
      async (call) => askToSilence(await database(), call.query().token),
    ),
    POST: route(
      {
        callers: anyone,
        summary: "mutes the company or pauses the channel; `undo` reverses it",
        query: link,
      },
      async (call) => {
        const { token, undo } = call.query();
        return undo === undefined
          ? silence(await database(), token, call.now)
          : endSilence(await database(), token);
      },
    ),
  },
};

/** Says what would be silenced, with a button. Changes nothing. */
export async function askToSilence(db: Database, token: string): Promise<Reply> {
  const found = await findScope(db, token);
  return found === undefined ? invalid() : page(askPage(found.subject, formAction(token)));
}

/** Mutes the company, or pauses the channel. Twice is as good as once. */
export async function silence(db: Database, token: string, now: Date): Promise<Reply> {
  const found = await findScope(db, token);
  if (found === undefined) return invalid();
  const { scope, subject } = found;
  if (scope.act === "mute") await db.query(MUTE, [scope.user, scope.company, now]);
  else await db.query(PAUSE, [scope.channel, now]);
  return page(donePage(subject, `${formAction(token)}&undo=1`, settingsLink()));
}

/** Undoes it, after a click by mistake. */
export async function endSilence(db: Database, token: string): Promise<Reply> {
  const found = await findScope(db, token);
  if (found === undefined) return invalid();
  const { scope, subject } = found;
  if (scope.act === "mute") await db.query(UNMUTE, [scope.user, scope.company]);
  else await db.query(RESUME, [scope.channel]);
  return page(undonePage(subject, settingsLink()));
}

const MUTE = `
  insert into pipeline.mute (user_id, company_id, created_at) values ($1, $2, $3)
  on conflict (user_id, company_id) do update set until = null`;
// Whoever ends the mail to an address means all of it, whichever of its channels the message came through. Reads all
// channels: a click now and then.
const OF_THE_ADDRESS = `
  select same.id
    from notification_channel channel
    join notification_channel same
      on same.id = channel.id
      or channel.channel_type = 'EMAIL' and same.channel_type = 'EMAIL' and ${addressOf("same")} = ${addressOf("channel")}
   where channel.id = $1`;
const PAUSE = `
  insert into pipeline.channel_pause (channel_id, created_at)
  select id, $2::timestamp from (${OF_THE_ADDRESS}) as channel order by id
  on conflict (channel_id) do update set until = null`;
const UNMUTE = "delete from pipeline.mute where user_id = $1 and company_id = $2";
const RESUME = `delete from pipeline.channel_pause where channel_id in (${OF_THE_ADDRESS})`;

/** What a link silences, in words. */
export interface LinkTarget {
  readonly act: LinkScope["act"];
  readonly name: string;
}

const nameRow = z.object({ name: z.string() });

/** What a token allows; undefined where it is not ours, or where what it names is gone. */
async function findScope(
  db: Database,
  token: string,
): Promise<{ scope: LinkScope; subject: LinkTarget } | undefined> {
  const scope = await verifyLink(token);
  if (scope === undefined) return undefined;
  const row =
    scope.act === "mute"
      ? await selectRow(db, nameRow, COMPANY_NAME, [scope.company, scope.user])
      : await selectRow(db, nameRow, CHANNEL_NAME, [scope.channel]);
  return row && { scope, subject: { act: scope.act, name: row.name } };
}

const COMPANY_NAME = `
  select name from company where id = $1 and exists (select from "user" where id = $2)`;
const CHANNEL_NAME = "select destination as name from notification_channel where id = $1";

// Relative: Hosting and the function's own address serve it at different paths.
function formAction(token: string): string {
  return `?token=${encodeURIComponent(token)}`;
}

function page(markup: string): Reply {
  return { status: 200, body: new HtmlPage(markup) };
}

function invalid(): Reply {
  return { status: 404, body: new HtmlPage(invalidPage(settingsLink())) };
}
