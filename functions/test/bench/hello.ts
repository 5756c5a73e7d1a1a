import { onRequest } from "firebase-functions/https";

/** As little as a function can do: what the benchmarks hold ours against. */

const options = { region: "europe-west1", invoker: "public" } as const;

/** Answers. */
export const hello = onRequest(options, (_request, response) => {
  response.json({ hello: "world" });
});

/** Answers once the framework has parsed the body. */
export const parse = onRequest(options, (request, response) => {
  const body: unknown = request.body;
  response.status(201).json({ isParsed: typeof body === "object" });
});
