import { usePipeline } from "../normalize/pipeline.ts";

/** What a caller may choose. */
export interface FailedOptions {
  readonly json: boolean;
  readonly source?: string;
}

/** `failed`: lists the raw documents that could not be normalized, and why. */
export async function failed({ json, source }: FailedOptions): Promise<void> {
  await usePipeline();
  const { database } = await import("../../functions/src/platform/postgres.ts");
  const { failedDocuments } = await import("../../functions/src/normalize/failedDocuments.ts");
  const documents = await failedDocuments(await database(), source);
  if (json) {
    console.log(JSON.stringify({ failed: documents }));
    return;
  }
  for (const document of documents) {
    const time = document.failedAt.toISOString().slice(0, 16).replace("T", " ");
    console.log(`${time}  ${document.source}  ${document.company ?? "no company"}  ${document.id}`);
    console.log(`  ${document.reason}\n`);
  }
  const hint = documents.length > 0 ? ": `scripts/dev renormalize --failed` runs again what failed" : "";
  const which = source === undefined ? "" : ` of ${source}`;
  const count = documents.length === 1 ? "1 raw document" : `${documents.length} raw documents`;
  console.log(`${count}${which} failed${hint}`);
}
