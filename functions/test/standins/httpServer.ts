import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { messageOf } from "../../../scripts/userError.ts";

/** What a stand-in answers: JSON, unless the body is a string already. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A server on a free port of this machine. */
export interface HttpServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Serves what `answer` gives for each request. What it throws becomes a 500 with the message. */
export async function serveHttp(
  answer: (request: IncomingMessage, url: URL) => Promise<Answer> | Answer,
): Promise<HttpServer> {
  const server = createServer(async (request, response) => {
    const given = await Promise.resolve()
      .then(() => answer(request, new URL(request.url ?? "/", "http://localhost")))
      .catch((error: unknown): Answer => ({ status: 500, body: { detail: messageOf(error) } }));
    response.writeHead(given.status, { "content-type": "application/json; charset=utf-8", ...given.headers });
    response.end(typeof given.body === "string" ? given.body : JSON.stringify(given.body));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${portOf(server.address())}`, stop };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("The server listens on no port");
  return address.port;
}

/** Reads a request's body as text. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
