import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { ModuleSource } from "../../domain/miningModule/miningModule.ts";
import { handshakeResult } from "../../domain/normalizationMap/shakeHands.ts";
import { ApiError } from "../../platform/apiError.ts";
import { rowIdInText } from "../../platform/fields.ts";
import { type Paths, route, withoutSlashes } from "../../platform/http.ts";
import { type Database, database } from "../../platform/postgres.ts";
import { enqueueTasks } from "../../platform/taskQueue.ts";
import { webApplication } from "../../platform/webApplication.ts";
import { sourceById } from "./findSource.ts";
import { askModules, moduleFailed, NOT_YET } from "./moduleRequest.ts";

const handshakeQuery = z.object({
  invocation_endpoint: z.string(),
  data_source_id: rowIdInText,
});

export const paths: Paths = {
  "/": {
    GET: route(
      {
        callers: webApplication,
        summary: "asks a new data source's module what it measures",
        query: handshakeQuery,
      },
      async ({ query, now }) => {
        const { data_source_id: sourceId, invocation_endpoint: invocationEndpoint } = query();
        const db = await database();
        const source = await namedSource(db, sourceId, invocationEndpoint);
        const requests = await askModules(
          { db, enqueue: enqueueTasks, clock: () => new Date(), pause: sleep },
          { kind: "HANDSHAKE", sourceIds: [source.id], now },
        );
        if (requests === undefined) return NOT_YET;
        const [request] = requests;
        if (request?.state === "SUCCEEDED")
          return { status: 200, body: handshakeResult.parse(request.result) };
        throw moduleFailed(request, "The data source's module could not be initialized");
      },
    ),
  },
};

/**
 * The source that is to be asked. Only the endpoint that is stored for it is called: the token would open the source to
 * whoever gets it. Anyone may ask, so a source that is not there is refused as one that has another endpoint.
 *
 * @throws ApiError 403
 */
export async function namedSource(
  db: Database,
  sourceId: number,
  invocationEndpoint: string,
): Promise<ModuleSource> {
  const source = await sourceById(db, sourceId);
  if (source === undefined || bare(invocationEndpoint) !== bare(source.endpoint)) {
    throw new ApiError("forbidden", "There is no data source with this id and invocation endpoint");
  }
  return source;
}

function bare(endpoint: string): string {
  return withoutSlashes(endpoint.trim());
}
