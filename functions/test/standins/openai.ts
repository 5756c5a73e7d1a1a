import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";

/** What is sent to the chat completions API, as far as the stand-in looks at it. */
const chatRequest = z.object({
  model: z.string(),
  messages: z.array(z.object({ role: z.string(), content: z.string() })),
  max_completion_tokens: z.int().optional(),
  response_format: z
    .object({
      type: z.literal("json_schema"),
      json_schema: z.object({ name: z.string(), strict: z.boolean(), schema: z.unknown() }),
    })
    .optional(),
});

export type ChatRequest = z.output<typeof chatRequest>;

/** How one call is answered. */
export type Behaviour = (request: ChatRequest, response: ServerResponse) => void;

/** A server that speaks OpenAI's chat completions API and does as it is told. */
export interface OpenaiStandin {
  /** The base URL for clients. */
  readonly url: string;
  readonly apiKey: string;
  /** The calls that came, oldest first. */
  readonly requests: readonly ChatRequest[];
  /** How the next calls are answered, one after the other; the last one's way stays. */
  behave(...behaviours: readonly [Behaviour, ...Behaviour[]]): void;
  /** Resolves when there were so many calls. */
  called(times: number): Promise<void>;
  stop(): Promise<void>;
}

const USAGE = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };

/** Answers with a text, having used 100 tokens for the question and 20 for the answer; null does not count. */
export function says(text: string, usage: typeof USAGE | null = USAGE): Behaviour {
  return (request, response) =>
    sendCompletion(
      response,
      request,
      { message: { role: "assistant", content: text, refusal: null } },
      usage,
    );
}

/** Answers with JSON that is made of the question. */
export function saysJson(answer: (request: ChatRequest) => unknown): Behaviour {
  return (request, response) => says(JSON.stringify(answer(request)))(request, response);
}

/** Refuses politely, as the model itself does. */
export function refuses(): Behaviour {
  return (request, response) =>
    sendCompletion(
      response,
      request,
      { message: { role: "assistant", content: null, refusal: "I'm sorry, I can't assist with that." } },
      USAGE,
    );
}

/** Fails with a status, in the API's own shape. */
export function fails(
  status: number,
  { code = null, retryAfter }: { code?: string | null; retryAfter?: string } = {},
): Behaviour {
  return (_request, response) =>
    send(
      response,
      status,
      { error: { message: `Failing with ${status}`, type: "error", param: null, code } },
      retryAfter === undefined ? {} : { "retry-after": retryAfter },
    );
}

/** Never answers. */
export function hangs(): Behaviour {
  return () => undefined;
}

/** Begins an answer and never ends it. */
export function stalls(): Behaviour {
  return (_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write('{"id":"chatcmpl-1","choices":[');
  };
}

/** Hangs up without an answer. */
export function hangsUp(): Behaviour {
  return (_request, response) => response.destroy();
}

/** Answers as a server that is no chat completions API at all. */
export function saysHtml(): Behaviour {
  return (_request, response) => {
    response.writeHead(200, { "content-type": "text/html" });
    response.end("<h1>It works!</h1>");
  };
}

/** Does not know `response_format`, like some compatible servers; without it, it behaves. */
export function withoutSchemas(behaviour: Behaviour): Behaviour {
  return (request, response) =>
    (request.response_format === undefined ? behaviour : fails(400))(request, response);
}

/** Starts the stand-in on a free port of this machine. */
export async function startOpenai(): Promise<OpenaiStandin> {
  const apiKey = "sk-stand-in";
  const requests: ChatRequest[] = [];
  const waiting: { times: number; resolve: () => void }[] = [];
  let behaviours: readonly Behaviour[] = [fails(501)];

  const server = createServer(async (request, response) => {
    if (request.method !== "POST" || request.url !== "/v1/chat/completions")
      return fails(404)(NO_ONE, response);
    if (request.headers.authorization !== `Bearer ${apiKey}`) {
      return fails(401, { code: "invalid_api_key" })(NO_ONE, response);
    }
    const parsed = chatRequest.safeParse(JSON.parse(await bodyOf(request)));
    if (!parsed.success) return fails(400, { code: "invalid_request" })(NO_ONE, response);
    const [next, ...others] = behaviours;
    if (others.length > 0) behaviours = others;
    requests.push(parsed.data);
    next?.(parsed.data, response);
    for (const { times, resolve } of waiting) if (requests.length >= times) resolve();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });

  return {
    url: `http://127.0.0.1:${portOf(server.address())}/v1`,
    apiKey,
    requests,
    behave(...wanted) {
      behaviours = wanted;
    },
    called: (times) =>
      requests.length >= times
        ? Promise.resolve()
        : new Promise((resolve) => {
            waiting.push({ times, resolve });
          }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const NO_ONE: ChatRequest = { model: "", messages: [] };

function sendCompletion(
  response: ServerResponse,
  { model }: ChatRequest,
  choice: object,
  usage: typeof USAGE | null,
): void {
  send(response, 200, {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1_700_000_000,
    model,
    choices: [{ index: 0, finish_reason: "stop", logprobs: null, ...choice }],
    ...(usage === null ? {} : { usage }),
  });
}

function send(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("The server listens on no port");
  return address.port;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
