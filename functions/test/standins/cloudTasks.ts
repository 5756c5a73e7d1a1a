import { z } from "zod";
import { bodyOf, type HttpServer, serveHttp } from "./httpServer.ts";

const enqueued = z.object({
  task: z.object({ name: z.string().optional(), httpRequest: z.object({ body: z.base64() }) }),
});

/**
 * Cloud Tasks as the emulator speaks it: takes a task once, and gives its payload to `dispatch`. It does not try again.
 * CLOUD_TASKS_EMULATOR_HOST must point to it before the first task is enqueued.
 */
export function startCloudTasks(
  dispatch: (queue: string, payload: unknown) => Promise<void>,
): Promise<HttpServer> {
  const known = new Set<string>();
  return serveHttp(async (request, url) => {
    const [, queue] = /\/queues\/([^/]+)\/tasks/.exec(url.pathname) ?? [];
    if (queue === undefined) return { status: 404, body: {} };
    const { task } = enqueued.parse(JSON.parse(await bodyOf(request)));
    const name = task.name ?? url.pathname;
    if (known.has(name)) return { status: 409, body: { error: { status: "ALREADY_EXISTS" } } };
    known.add(name);
    const { data } = z
      .object({ data: z.unknown() })
      .parse(JSON.parse(Buffer.from(task.httpRequest.body, "base64").toString("utf8")));
    // Answered first, as Cloud Tasks does. What fails has said so in its row.
    setImmediate(() => void dispatch(queue, data).catch(() => undefined));
    return { status: 200, body: {} };
  });
}
