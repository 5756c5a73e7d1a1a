import { request as httpRequest, type IncomingHttpHeaders, type Server } from "node:http";
import { connect } from "node:net";
import { buffer } from "node:stream/consumers";
import { http } from "@google-cloud/functions-framework";
import { getTestServer } from "@google-cloud/functions-framework/testing";

export interface Sent {
  readonly method?: string;
  /** The path as it goes over the line, with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** The HTTP functions of this process, each behind the server that runs it in production. */
export interface ServedFunctions {
  readonly names: readonly string[];
  send(functionName: string, sent: Sent): Promise<Answer>;
  /** Writes to a connection of its own, and reads until the other side ends it or `enough` has come. */
  talk(functionName: string, talk: Talk): Promise<string>;
  close(): Promise<void>;
}

export interface Talk {
  readonly bytes: string | Uint8Array;
  /** Ends our side after the bytes. */
  readonly ends?: boolean;
  /** After what the connection is closed. */
  readonly enough?: RegExp;
}

/** Serves what `exported` has of HTTP functions. Their bodies are theirs as in production: see requestBody.ts. */
export async function serveFunctions(exported: Readonly<Record<string, unknown>>): Promise<ServedFunctions> {
  const functions = Object.entries(exported).filter(([, it]) => isHttpFunction(it));
  const servers = new Map<string, Server>();
  for (const [name, handler] of functions) {
    http(name, (request, response) => callIt(handler, request, response));
    const server = getTestServer(name);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    servers.set(name, server);
  }
  // What the platform sets for a process that serves one function; which of ours it is makes no difference.
  process.env["FUNCTION_TARGET"] = functions[0]?.[0];
  const portOf = (name: string): number => {
    const address = servers.get(name)?.address();
    if (typeof address === "object" && address !== null) return address.port;
    throw new Error(`There is no HTTP function ${name}`);
  };
  return {
    names: [...servers.keys()],
    send: (name, sent) => send(portOf(name), sent),
    talk: (name, talk) => talkTo(portOf(name), talk),
    close: async () => {
      delete process.env["FUNCTION_TARGET"];
      for (const server of servers.values()) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

function isHttpFunction(it: unknown): boolean {
  if (typeof it !== "function" || !("__endpoint" in it)) return false;
  const { __endpoint: endpoint } = it;
  return typeof endpoint === "object" && endpoint !== null && "httpsTrigger" in endpoint;
}

function callIt(handler: unknown, request: unknown, response: unknown): unknown {
  if (typeof handler !== "function") throw new Error("An HTTP function is a function");
  return Reflect.apply(handler, undefined, [request, response]);
}

function send(port: number, { method = "POST", path, headers = {}, body }: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port, method, path, headers }, (response) => {
      const { statusCode = 0, headers } = response;
      buffer(response).then(
        (bytes) => resolve({ status: statusCode, headers, text: bytes.toString() }),
        reject,
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}

function talkTo(port: number, { bytes, ends = false, enough }: Talk): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = "";
    const socket = connect(port, "127.0.0.1");
    socket.on("data", (chunk) => {
      heard += chunk.toString("latin1");
      if (enough?.test(heard)) socket.destroy();
    });
    // Who is refused in the middle of its words may hear of a reset instead of an end.
    socket.on("error", (error) => (heard === "" ? reject(error) : resolve(heard)));
    socket.on("close", () => resolve(heard));
    socket.write(bytes, () => {
      if (ends) socket.end();
    });
  });
}
