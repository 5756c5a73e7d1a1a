/** A mining module: how often a company's Wikipedia article was read yesterday. */
import { createServer, type IncomingMessage } from "node:http";
import { json } from "node:stream/consumers";
import { jwtVerify } from "jose";
import { z } from "zod";

const settings = z.object({
  PORT: z.coerce.number().default(8081),
  ANALYTICS_BASE_URL: z.url().default("http://127.0.0.1:5051"),
  PARMA_SHARED_SECRET_KEY: z.string().min(1),
  WIKIPEDIA_URL: z.url().default("https://en.wikipedia.org"),
  WIKIMEDIA_URL: z.url().default("https://wikimedia.org"),
});
const env = settings.parse(process.env);
const key = new TextEncoder().encode(env.PARMA_SHARED_SECRET_KEY);
const views = { SourceField: "views", DataType: "int", MeasurementName: "daily article views" };

/** GET /initialize: what the module measures, and how often it wants to run. */
const describe = () => ({
  frequency: "daily",
  normalization_map: { Source: "wikipedia", Mappings: [views] },
});

async function ask(base: string, path: string, init: RequestInit = {}): Promise<unknown> {
  const answer = await fetch(new URL(path, base), { ...init, signal: AbortSignal.timeout(120_000) });
  if (answer.ok) return answer.json();
  throw new Error(`${answer.url} answered ${answer.status}: ${await answer.text()}`);
}

/** POST /discover: the article that Wikipedia's search finds for a company's name, to be looked for again in half a year. */
async function discover(body: unknown) {
  const [company] = z.tuple([z.object({ company_id: z.string(), name: z.string() })]).parse(body);
  const search = new URLSearchParams({
    action: "opensearch",
    format: "json",
    limit: "1",
    search: company.name,
  });
  const found = z.array(z.unknown()).parse(await ask(env.WIKIPEDIA_URL, `/w/api.php?${search}`));
  const validity = new Date(Date.now() + 180 * 24 * 3_600_000).toISOString();
  return { identifiers: { [company.company_id]: { articles: found[1] } }, validity };
}

async function mine(article: string) {
  const day = new Date(Date.now() - 24 * 3_600_000).toISOString().slice(0, 10);
  const hour = `${day.replaceAll("-", "")}00`;
  const title = encodeURIComponent(article.replaceAll(" ", "_"));
  const path = `/api/rest_v1/metrics/pageviews/per-article/en.wikipedia/all-access/user/${title}/daily/${hour}/${hour}`;
  const { items } = z.object({ items: z.array(z.looseObject({})) }).parse(await ask(env.WIKIMEDIA_URL, path));
  return { raw_data: items[0] ?? {}, observed_at: day };
}

/** POST /companies: sends the backend one raw answer per article and, at the end, each company's error. */
async function companies(body: unknown, headers: Record<string, string>) {
  const companies = z.record(z.string(), z.object({ articles: z.array(z.string()) }));
  const task = z.object({ task_id: z.int(), companies }).parse(body);
  const send = (path: string, sent: object) =>
    ask(env.ANALYTICS_BASE_URL, path, { method: "POST", headers, body: JSON.stringify(sent) });
  const errors: Record<string, object> = {};
  for (const [company_id, { articles }] of Object.entries(task.companies)) {
    for (const article of articles) {
      try {
        await send("/feed-raw-data", { source_name: "wikipedia", company_id, ...(await mine(article)) });
      } catch (error) {
        errors[company_id] = { error_type: "CrawlingError", error_description: String(error) };
      }
    }
  }
  return send("/crawling-finished", { task_id: task.task_id, errors });
}

async function answer(request: IncomingMessage): Promise<unknown> {
  const Authorization = request.headers.authorization ?? "";
  await jwtVerify(Authorization.replace("Bearer ", ""), key, { algorithms: ["HS256"] });
  if (request.url?.startsWith("/initialize")) return describe();
  if (request.url === "/discover") return discover(await json(request));
  if (request.url !== "/companies") throw new Error(`There is no ${request.url}`);
  return companies(await json(request), { "Content-Type": "application/json", Authorization });
}

createServer(async (request, response) => {
  response.setHeader("Content-Type", "application/json");
  const body = await answer(request).catch((error: Error) => {
    response.statusCode = error.name.startsWith("JWT") || error.name.startsWith("JWS") ? 401 : 500;
    return { detail: error.message };
  });
  response.end(JSON.stringify(body));
}).listen(env.PORT, () => console.log(`Listening on port ${env.PORT}`));
