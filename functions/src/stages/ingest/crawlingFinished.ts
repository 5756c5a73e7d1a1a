import { z } from "zod";
import { modules } from "../../domain/miningModule/moduleToken.ts";
import { countRawDocuments } from "../../domain/rawDocument/countRawDocuments.ts";
import { rowId } from "../../platform/fields.ts";
import { type Paths, route } from "../../platform/http.ts";
import { database } from "../../platform/postgres.ts";
import { reportCrawl } from "./reportCrawl.ts";

const crawlError = z.object({ error_type: z.string(), error_description: z.string().nullish() });

const crawlReport = z.object({
  task_id: rowId,
  /** By company id; by the CRM's own id for a CRM. */
  errors: z.record(z.string(), crawlError).nullish(),
});

/** What went wrong for one company, in the module's words. */
export type CrawlError = z.output<typeof crawlError>;

export const paths: Paths = {
  "/": {
    POST: route(
      { callers: modules, summary: "the end of a mining call, with its errors", body: crawlReport },
      async ({ claims, now, json }) => {
        const { task_id, errors } = await json();
        const context = {
          db: await database(),
          // Only of a module that has failed, whose answer need not be fast: Firestore's client takes long to load.
          countFiled: async (sourceName: string, about: { taskId: number; companyId: number | null }) => {
            const { firestore } = await import("../../platform/firebase.ts");
            return countRawDocuments(firestore(), sourceName, about);
          },
        };
        await reportCrawl(context, { claims, taskId: task_id, errors: errors ?? {}, now });
        const body = { task_id, errors: errors ?? null, return_message: "Notified about crawling finished" };
        return { status: 201, body };
      },
    ),
  },
};
