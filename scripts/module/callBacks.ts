import { createServer, type IncomingMessage, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { verifyModuleToken } from "../../functions/src/domain/miningModule/moduleToken.ts";
import {
  isRawObject,
  parseLosslessJson,
  type RawObject,
} from "../../functions/src/domain/rawDocument/losslessJson.ts";
import { ApiError } from "../../functions/src/platform/apiError.ts";
import { timestamp } from "../../functions/src/platform/timestamp.ts";
import { messageOf, UserError } from "../userError.ts";

/** Receives what an external module sends while it works. */
export interface Heard {
  feed(rawData: RawObject, observedAt: Date | undefined): void;
  /** An error that the module reports at the end, in its words. */
  crawlError(message: string): void;
}

const feed = z.object({
  raw_data: z.custom<RawObject>(isRawObject, "expected an object"),
  observed_at: timestamp.nullish(),
});
const measurement = z.object({ measurement_name: z.string(), type: z.string() });
const crawlError = z.object({ error_type: z.string(), error_description: z.string().nullish() });
const finished = z.object({ task_id: z.int(), errors: z.record(z.string(), crawlError).nullish() });

/**
 * Serves the routes that modules call back, on this machine only, with the same tokens as in production and
 * without a database.
 *
 * @throws UserError if the port is taken
 */
export async function serveCallBacks(port: number, heard: Heard): Promise<Server> {
  let measurements = 0;
  const routes = new Map<string, (body: unknown) => object>([
    [
      "POST /source-measurement",
      (body) => {
        measurement.parse(body);
        measurements += 1;
        return { id: measurements, creation_msg: "Source Measurement successfully created" };
      },
    ],
    [
      "POST /feed-raw-data",
      (body) => {
        const { raw_data, observed_at } = feed.parse(body);
        heard.feed(raw_data, observed_at ?? undefined);
        return { return_message: "Raw data received and saved. " };
      },
    ],
    [
      "POST /crawling-finished",
      (body) => {
        const { task_id, errors } = finished.parse(body);
        for (const { error_type, error_description } of Object.values(errors ?? {})) {
          heard.crawlError(`${error_type}: ${error_description ?? "no description"}`);
        }
        return { task_id, errors, return_message: "Notified about crawling finished" };
      },
    ],
  ]);

  async function answer(request: IncomingMessage): Promise<[number, object]> {
    const handle = routes.get(`${request.method} ${request.url}`);
    if (handle === undefined) return [404, { detail: `module try has no ${request.method} ${request.url}` }];
    await verifyModuleToken(request.headers.authorization, new Date());
    return [201, handle(parseLosslessJson(await text(request)).value)];
  }

  const server = createServer(async (request, response) => {
    const [status, body] = await answer(request).catch(refusal);
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  }).catch((cause: unknown) => {
    throw new UserError(`Cannot listen on port ${port}: ${messageOf(cause)}. Choose another with --port.`, {
      cause,
    });
  });
  return server;
}

function refusal(error: unknown): [number, object] {
  const status = error instanceof ApiError ? error.status : 422;
  return [status, { detail: error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error) }];
}
