import { accepted, operate, operatedDatabase, type Printed, shownTime } from "./operating.ts";

/** Filters failed documents. */
export interface FailedOptions extends Printed {
  readonly source?: string;
  readonly reason?: string;
  readonly since?: string;
}

/** `ops failed`: lists failed raw documents and the reasons. */
export async function failed({ json, ...said }: FailedOptions & { readonly limit: number }): Promise<void> {
  const db = await operatedDatabase();
  const { failedRequest } = await import("../../../functions/src/stages/operate/ops/requests.ts");
  const { failedDocuments } = await import("../../../functions/src/domain/rawDocument/failedDocuments.ts");
  const { limit, ...filter } = await accepted(failedRequest, said);
  const documents = await failedDocuments(db, filter, limit);
  if (json) {
    console.log(JSON.stringify({ failed: documents }));
    return;
  }
  for (const document of documents) {
    console.log(
      `${shownTime(document.failedAt)}  ${document.source}  ${document.company ?? "no company"}  ${document.id}`,
    );
    console.log(`  ${document.reason}\n`);
  }
  const count = documents.length === 1 ? "1 raw document" : `${documents.length} raw documents`;
  const more = documents.length === limit ? " (perhaps more; raise --limit)" : "";
  console.log(
    documents.length === 0
      ? "No raw documents have failed."
      : `${count} failed${more}. Once the cause is fixed, run scripts/dev ops retry with ids, the same filter or --all.`,
  );
}

/** `ops retry`: runs failed raw documents again. */
export async function retry(
  ids: readonly string[],
  { json, ...said }: FailedOptions & { readonly all: boolean },
): Promise<void> {
  const { retryRequest } = await import("../../../functions/src/stages/operate/ops/requests.ts");
  const { retryFailed } = await import("../../../functions/src/stages/operate/ops/retryFailed.ts");
  const request = await accepted(retryRequest, { ...said, ids: ids.length === 0 ? undefined : ids });
  const { all: _said, ...filter } = request;
  const result = await operate("retry", filter, (context) => retryFailed(context, filter), "documents");
  if (json) console.log(JSON.stringify(result));
  else if (result.retried === 0) console.log("No failed raw documents match.");
  else
    console.log(
      `${result.retried} are running again. Next: scripts/dev ops failed lists those that fail again.`,
    );
}
