import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { buffer } from "node:stream/consumers";
import { listen } from "./listen.ts";
import { whenStopping } from "./shutdown.ts";

/** A fully read request, which can be repeated. */
export interface Post {
  readonly method: string;
  /** Absolute. */
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The answer to it. */
export interface PostAnswer {
  readonly status: number;
  readonly headers?: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A proxy for requests. */
export interface PostProxy {
  /** Its own address, as `host:port`. */
  readonly host: string;
  /** Where requests go if they name no server. */
  connectTo(port: number): void;
}

/** Starts a proxy that hands every request to `answer`. */
export async function startPostProxy(answer: (post: Post) => Promise<PostAnswer>): Promise<PostProxy> {
  let upstream = "http://127.0.0.1:9";
  const server = createServer(async (incoming, outgoing) => {
    const { status, headers, body } = await readPost(incoming, upstream)
      .then(answer)
      .catch((): PostAnswer => ({ status: 502, body: Buffer.from("Could not reach the server") }));
    outgoing.writeHead(status, { ...headers, "content-length": body.byteLength });
    outgoing.end(body);
  });
  const host = await listen(server);
  whenStopping(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return {
    host,
    connectTo: (port) => {
      upstream = `http://127.0.0.1:${port}`;
    },
  };
}

async function readPost(incoming: IncomingMessage, upstream: string): Promise<Post> {
  const { method = "POST", url = "/", headers } = incoming;
  return { method, url: new URL(url, upstream), headers, body: await buffer(incoming) };
}

/** Makes a request. @throws if no answer came */
export function send({ method, url, headers, body }: Post): Promise<PostAnswer> {
  const { "transfer-encoding": _chunks, "proxy-connection": _ours, ...others } = headers;
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method, headers: { ...others, "content-length": body.byteLength } },
      (response) => {
        const { "transfer-encoding": _decoded, ...headers } = response.headers;
        buffer(response).then(
          (body) => resolve({ status: response.statusCode ?? 500, headers, body }),
          reject,
        );
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}
