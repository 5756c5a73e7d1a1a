import { z } from "zod";
import type { Query } from "../stack/query.ts";
import type { Stack } from "../stack/stack.ts";
import type { Difference } from "./compare.ts";
import type { ModuleLog } from "./input/module.ts";
import type { SoakSource } from "./input/soakInput.ts";

const idRow = z.object({ id: z.string() });

/** What must hold of a run by itself, whatever another one left: what was accepted is there, and ended. */
export async function brokenPromises(
  { stack, query }: { stack: Stack; query: Query },
  sources: readonly SoakSource[],
  log: ModuleLog,
): Promise<Difference[]> {
  const rows = new Set((await query(idRow, "select id from pipeline.raw_document")).map(({ id }) => id));
  const stored = (await Promise.all(sources.map(({ name }) => storedDocuments(stack, name)))).flat();
  const unknown = (from: string, ids: Iterable<string>) =>
    [...ids].filter((id) => !rows.has(id)).map((id) => ({ what: `a document that ${from}`, ids: id }));
  return [
    ...unknown("was accepted", log.accepted).map((one) => ({
      kind: "documents",
      how: "not kept" as const,
      ...one,
    })),
    ...unknown("is in Firestore", stored).map((one) => ({
      kind: "documents",
      how: "not final" as const,
      ...one,
    })),
    ...log.surprises.map((what) => ({ kind: "answers", how: "surprising" as const, what, ids: "" })),
  ];
}

const page = z.object({
  documents: z.array(z.object({ name: z.string() })).default([]),
  nextPageToken: z.string().optional(),
});

/** The ids of a source's raw documents in Firestore itself. */
async function storedDocuments({ firestoreHost, projectId }: Stack, source: string): Promise<string[]> {
  const parent = `projects/${projectId}/databases/(default)/documents/parma/mining/datasource/${source}/raw_data`;
  const ids: string[] = [];
  let token: string | undefined = "";
  while (token !== undefined) {
    const url = new URL(`http://${firestoreHost}/v1/${parent}`);
    // Names alone: a mask without a field that is there.
    url.search = new URLSearchParams({
      pageSize: "300",
      "mask.fieldPaths": "none",
      pageToken: token,
    }).toString();
    // The emulator's way past the rules, which refuse every client.
    const response = await fetch(url, { headers: { Authorization: "Bearer owner" } });
    const { documents, nextPageToken } = page.parse(await response.json());
    ids.push(...documents.map(({ name }) => name.split("/").at(-1) ?? ""));
    token = nextPageToken;
  }
  return ids;
}

/** Removes every document from Firestore, at once. */
export async function emptyFirestore({ firestoreHost, projectId }: Stack): Promise<void> {
  const url = `http://${firestoreHost}/emulator/v1/projects/${projectId}/databases/(default)/documents`;
  const response = await fetch(url, { method: "DELETE" });
  if (!response.ok) throw new Error(`The Firestore emulator was not emptied: status ${response.status}`);
}
