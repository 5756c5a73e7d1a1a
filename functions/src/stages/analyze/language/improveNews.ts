import { z } from "zod";
import { LanguageError } from "../../../adapters/languageModels/languageError.ts";
import { prompt, quoted } from "../../../adapters/languageModels/prompt.ts";
import type { improveNewsPayload } from "../../../domain/analysis/tasks.ts";
import { logWarning } from "../../../platform/log.ts";
import { type Database, selectRow } from "../../../platform/postgres.ts";
import { type Asking, askForJson } from "./askForJson.ts";
import {
  type Grounds,
  groundsOf,
  possibleNames,
  unfoundedLinks,
  unfoundedNames,
  unfoundedNumbers,
} from "./grounds.ts";

const newsRow = z.object({
  title: z.string().nullable(),
  message: z.string(),
  triggerFactor: z.string().nullable(),
  timestamp: z.date(),
  companyId: z.int(),
  company: z.string(),
  source: z.string(),
  measurement: z.string(),
  severity: z.string(),
  facts: z.unknown().transform(shortened),
});

// A finding about a long text may hold all of it.
const LONGEST_TEXT = 500;
const MAX_ENTRIES = 50;

function shortened(value: unknown): unknown {
  if (typeof value === "string") return value.slice(0, LONGEST_TEXT).toWellFormed();
  if (Array.isArray(value)) return value.slice(0, MAX_ENTRIES).map(shortened);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MAX_ENTRIES)
      .map(([name, entry]) => [name, shortened(entry)]),
  );
}

type News = z.output<typeof newsRow>;

// By primary keys, and finding's unique key on news_id.
const NEWS = `
  select news.title, news.message, news.trigger_factor, news."timestamp", news.company_id, company.name as company,
         source.source_name as source, measurement.measurement_name as measurement, finding.severity, finding.facts
    from news
    join pipeline.finding on finding.news_id = news.id and finding.improved_at is null
    join company on company.id = news.company_id
    join data_source source on source.id = news.data_source_id
    join source_measurement measurement on measurement.id = news.source_measurement_id
   where news.id = $1`;

/**
 * Puts a news item in better words, once. The template's stay where there is no one to ask, where nothing usable
 * is answered, or where somebody has changed them.
 *
 * @throws LanguageError where it may pass later
 */
export async function improveNews(
  asking: Asking,
  { newsId }: z.output<typeof improveNewsPayload>,
  now: Date,
): Promise<void> {
  if (asking.model === undefined) return;
  const news = await selectRow(asking.db, newsRow, NEWS, [newsId]);
  if (news === undefined) return;
  const grounds = groundsOf(textsOf(news), news.facts);
  const words = await askForWords(asking, news, grounds, now);
  if (words === undefined) return;
  const names = possibleNames(`${words.title}\n${words.message}`, grounds);
  if (await namesAnotherCompany(asking.db, news.companyId, names)) {
    logWarning("Better words were rejected: they name another company", { news: newsId });
    return;
  }
  await replaceWords(asking.db, { newsId, news, words }, now);
}

function textsOf({ title, message, triggerFactor, timestamp, company, source, measurement }: News): string[] {
  return [title ?? "", message, triggerFactor ?? "", timestamp.toISOString(), company, source, measurement];
}

// What a message's heading and a card of the web application show without cutting it.
const TITLE_LENGTH = 90;
const MESSAGE_LENGTH = 400;
// Both are 150 tokens at most; models that think before they answer need the rest.
const OUTPUT_TOKENS = 2500;

async function askForWords(asking: Asking, news: News, grounds: Grounds, now: Date) {
  const { company, source, measurement, timestamp, severity, facts, title, message, triggerFactor } = news;
  const finding = {
    company,
    source,
    measurement,
    observedAt: timestamp,
    severity,
    change: triggerFactor,
    facts,
  };
  try {
    return await askForJson(asking, {
      system: prompt("improve-news", { titleLength: TITLE_LENGTH, messageLength: MESSAGE_LENGTH }),
      user: quoted("finding", { ...finding, title, message }),
      schema: z.object({ title: words(TITLE_LENGTH, grounds), message: words(MESSAGE_LENGTH, grounds) }),
      purpose: "improve_news",
      outputTokens: OUTPUT_TOKENS,
      now,
    });
  } catch (error) {
    if (!(error instanceof LanguageError) || error.retryable) throw error;
    logWarning("A news item keeps its template's words", { failure: error.type });
    return undefined;
  }
}

/** A text that states nothing that its grounds do not, in one paragraph. */
function words(longest: number, grounds: Grounds) {
  const problems = (text: string): string[] => [
    ...(text.length > longest ? [`it has ${text.length} characters, and ${longest} are allowed`] : []),
    ...(/\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/u.test(text) ? ["it has line breaks or invisible characters"] : []),
    ...unfoundedNumbers(text, grounds).map((number) => `the finding does not have ${number}`),
    ...unfoundedNames(text, grounds).map((name) => `the finding does not name ${name}`),
    ...unfoundedLinks(text, grounds).map((link) => `the finding does not have ${link}`),
  ];
  return z
    .string()
    .trim()
    .min(1)
    .superRefine((text, context) => {
      for (const message of problems(text)) context.addIssue({ code: "custom", message });
    });
}

const otherCompany = z.object({ id: z.int() });

// One look-up in the hash index company_lower_name_idx for each possible name, whatever the number of companies.
const ANOTHER_COMPANY = `
  select company.id
    from unnest($2::text[]) as possible (name)
    join company on lower(company.name) = possible.name
   where company.id <> $1
   limit 1`;

async function namesAnotherCompany(
  db: Database,
  companyId: number,
  names: readonly string[],
): Promise<boolean> {
  return (await selectRow(db, otherCompany, ANOTHER_COMPANY, [companyId, names])) !== undefined;
}

// The news is locked first: of two runs at once, and of a run and somebody's own words, the second finds words
// that are no longer the template's, and changes nothing.
const REPLACE_WORDS = `
  with template as (
    select id from news where id = $1 and title is not distinct from $2 and message = $3 for no key update
  ), improved as (
    update pipeline.finding
       set improved_at = $6
      from template
     where news_id = template.id and improved_at is null
    returning news_id
  )
  update news
     set title = $4, message = $5, modified_at = $6
    from improved
   where news.id = improved.news_id`;

async function replaceWords(
  db: Database,
  { newsId, news, words }: { newsId: number; news: News; words: { title: string; message: string } },
  now: Date,
): Promise<void> {
  await db.query(REPLACE_WORDS, [newsId, news.title, news.message, words.title, words.message, now]);
}
