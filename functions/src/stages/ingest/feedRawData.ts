import type { Firestore } from "firebase-admin/firestore";
import { z } from "zod";
import { blobStore } from "../../adapters/blobStore.ts";
import { crmCompany, isCrm } from "../../domain/miningModule/crmCompany.ts";
import type { ModuleSource } from "../../domain/miningModule/miningModule.ts";
import { type ModuleClaims, modules } from "../../domain/miningModule/moduleToken.ts";
import type { BlobStore } from "../../domain/rawDocument/blobStore.ts";
import { lateReason } from "../../domain/rawDocument/lateFeed.ts";
import { isRawObject, parseLosslessJson, type RawObject } from "../../domain/rawDocument/losslessJson.ts";
import type { StoredRawDocument } from "../../domain/rawDocument/storeRawDocument.ts";
import { CompanyErasedError } from "../../domain/rawDocument/storeRawDocument.ts";
import { ApiError, invalidRequest } from "../../platform/apiError.ts";
import { accept, type Paths, parseJsonText, route } from "../../platform/http.ts";
import { database, type TransactionalDatabase } from "../../platform/postgres.ts";
import { timestamp } from "../../platform/timestamp.ts";
import { findSourceAndCompany } from "./findSource.ts";
import { noteRefused, refusalOf } from "./refusedEntry.ts";
import { registerCompany, registeredCompany } from "./registerCompany.ts";

/** The body of a feed. */
export const feedBody = z.object({
  source_name: z.string(),
  company_id: z.union([z.string(), z.number().int()]),
  raw_data: z.custom<RawObject>(isRawObject, "expected an object"),
  observed_at: timestamp.nullish(),
});

/** What a module feeds: one raw answer about one company. */
export type Feed = z.output<typeof feedBody>;

// Modules feed whole subreddits and organizations at once: a few megabytes at most. Cloud Functions itself
// takes 32 MiB.
const MAX_BYTES = 20 * 1024 * 1024;

export const paths: Paths = {
  "/": {
    POST: route(
      {
        callers: modules,
        summary: "one raw answer, up to 20 MiB, with an optional `observed_at`",
        body: feedBody,
      },
      async ({ claims, now, text }) => {
        const body = await text(MAX_BYTES);
        const { value, loss } = parseJsonText(body, parseLosslessJson);
        const fed = accept(feedBody, value);
        // Firestore's client takes half a second to load: whom we refuse need not wait for it.
        const { firestore } = await import("../../platform/firebase.ts");
        const context = { db: await database(), firestore: firestore(), blobStore: blobStore() };
        const stored = await feedRawData(context, { claims, feed: fed, text: body, loss, now });
        return {
          status: 201,
          // The answer that it replaces repeated raw_data; no module reads it, and it may be megabytes.
          body: {
            source_name: stored.sourceName,
            company_id: String(stored.companyId),
            timestamp: now.toISOString(),
            return_message: "Raw data received and saved. ",
            document_id: stored.id,
          },
        };
      },
    ),
  },
};

interface FeedContext {
  readonly db: TransactionalDatabase;
  readonly firestore: Firestore;
  readonly blobStore: BlobStore;
}

interface ReceivedFeed {
  readonly claims: ModuleClaims;
  readonly feed: Feed;
  /** The body as it came. */
  readonly text: string;
  /** What the parsed feed lacks of it. */
  readonly loss?: string | undefined;
  readonly now: Date;
}

/**
 * Files what a module feeds: under the source, the task and the company that its token names, whatever the body
 * says. A token without a company leaves that to the body, or to the CRM's own words.
 *
 * @throws ApiError; then nothing was written
 */
export async function feedRawData(
  stores: FeedContext,
  { claims, feed, text, loss, now }: ReceivedFeed,
): Promise<StoredRawDocument & { sourceName: string; companyId: number }> {
  const { db } = stores;
  const observedAt = observationTime(feed, now);
  const { source, companyId } = await subjectOf(db, { claims, feed, now });
  const document = {
    source,
    companyId,
    taskId: claims.taskId,
    attempt: claims.attempt,
    rawData: feed.raw_data,
    feed: { text, loss },
    observedAt,
    now,
  };
  const { storeRawDocument } = await import("../../domain/rawDocument/storeRawDocument.ts");
  try {
    return { ...(await storeRawDocument(stores, document)), sourceName: source.name, companyId };
  } catch (error) {
    throw error instanceof CompanyErasedError ? noSuchCompany(error) : error;
  }
}

// The module's clock, and a date without a time in a zone that is ahead.
const MAX_AHEAD_MS = 24 * 60 * 60 * 1000;

// Firestore's first instant.
const EARLIEST = Date.parse("0001-01-01T00:00:00Z");

function observationTime({ observed_at: observedAt }: Feed, now: Date): Date | undefined {
  if (observedAt == null) return undefined;
  const isAhead = observedAt.getTime() > now.getTime() + MAX_AHEAD_MS;
  if (!isAhead && observedAt.getTime() >= EARLIEST) return observedAt;
  const message = isAhead ? "is in the future" : "is before the year 1";
  throw invalidRequest([{ path: "observed_at", message }]);
}

/** The source and the company that a feed is about. */
async function subjectOf(
  db: TransactionalDatabase,
  { claims, feed, now }: Pick<ReceivedFeed, "claims" | "feed" | "now">,
): Promise<{ source: ModuleSource; companyId: number }> {
  const named = claims.companyId ?? companyNamed(feed.company_id);
  const { source, companyId } = await findSourceAndCompany(db, claims.sourceId, named);
  if (claims.companyId === undefined && isCrm(source)) {
    return { source, companyId: await companyOfEntry(db, { claims, feed, now }) };
  }
  if (companyId === undefined) throw noSuchCompany();
  return { source, companyId };
}

/** The company that a CRM feeds, which is registered where it is new. What comes too late registers none. */
async function companyOfEntry(
  db: TransactionalDatabase,
  { claims, feed, now }: Pick<ReceivedFeed, "claims" | "feed" | "now">,
): Promise<number> {
  const isLate = (await lateReason(db, claims)) !== undefined;
  const register = async () => {
    const company = accept(crmCompany, feed.raw_data);
    return isLate ? registeredCompany(db, company) : registerCompany(db, company, now);
  };
  const found = await register().catch(async (error: unknown) => {
    if (!isLate) await noteRefused(db, claims, refusalOf(feed.raw_data["name"], error));
    throw error;
  });
  if (found === undefined) throw noSuchCompany();
  return found.id;
}

/** The id that a body names. Number() would take "1e2", "0x64" and " 100 " for one. */
function companyNamed(id: Feed["company_id"]): number | undefined {
  const number = /^\d+$/.test(String(id)) ? Number(id) : Number.NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}

function noSuchCompany(cause?: unknown): ApiError {
  return new ApiError("not_found", "There is no such company", { cause });
}
