import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { type Answer, bodyOf, type HttpServer, serveHttp } from "./httpServer.ts";
import { pythonIsoFormat, pythonRepr, tokenProblem } from "./moduleProtocol.ts";

/** A normalization map as modules have it in their code. */
interface ModuleMapping {
  readonly SourceField: string;
  readonly DataType: string;
  readonly MeasurementName: string;
  readonly NestedMappings?: readonly ModuleMapping[];
}

/** What one mining module knows and can do; everything else is the same in all of them. */
export interface ExternalModuleOptions {
  /** The module's constant, e.g. `producthunt`. */
  readonly name: string;
  readonly frequency: "hourly" | "daily" | "weekly" | "monthly";
  readonly mappings: readonly ModuleMapping[];
  /** Where the backend's routes are: ANALYTICS_BASE_URL of the modules. */
  readonly analyticsUrl: string;
  readonly sharedSecret: string;
  /** The identifiers that it finds for a company's name, by property. */
  discover(name: string): Readonly<Record<string, readonly string[]>>;
  /** The raw answer for one identifier. @throws CrawlingError where there is none */
  crawl(property: string, handle: string): Promise<Readonly<Record<string, unknown>>>;
}

/** An error that a module catches per company and reports when it has finished; any other ends the request. */
export class CrawlingError extends Error {
  /** The name of the Python class. */
  readonly type: "CrawlingError" | "AnalyticsError" | "ClientInvalidBodyError";

  constructor(message: string, type: CrawlingError["type"] = "CrawlingError") {
    super(message);
    this.type = type;
  }
}

const discoverBody = z.array(z.object({ company_id: z.string(), name: z.string() })).min(1);

const companiesBody = z.object({
  task_id: z.number().int(),
  companies: z.record(z.string(), z.record(z.string(), z.array(z.string()))),
});

/** A mining module as the Python ones are: an HTTP service that calls back while it works. */
export function startExternalModule(module: ExternalModuleOptions): Promise<HttpServer> {
  return serveHttp(async (request, url) => {
    const route = `${request.method} ${url.pathname}`;
    if (route === "GET /") return { status: 200, body: { welcome: `at parma-mining-${module.name}` } };
    const handle = routes.get(route);
    if (handle === undefined) return { status: 404, body: { detail: "Not Found" } };
    const { authorization } = request.headers;
    const problem = tokenProblem(authorization, module.sharedSecret);
    if (problem !== undefined) return { status: 401, body: { detail: problem } };
    return handle(module, analyticsClient(module, authorization ?? ""), request, url);
  });
}

type Handler = (
  module: ExternalModuleOptions,
  post: AnalyticsPost,
  request: IncomingMessage,
  url: URL,
) => Promise<Answer>;

const routes = new Map<string, Handler>([
  ["GET /initialize", initialize],
  ["POST /discover", discover],
  ["POST /companies", mineCompanies],
]);

async function initialize(
  module: ExternalModuleOptions,
  post: AnalyticsPost,
  _request: IncomingMessage,
  url: URL,
): Promise<Answer> {
  const sourceId = z.coerce
    .number()
    .int()
    .safeParse(url.searchParams.get("source_id") ?? undefined);
  if (!sourceId.success) return { status: 422, body: { detail: sourceId.error.issues } };
  const mappings = await registerMappings(module.mappings, post, { source_module_id: sourceId.data });
  const map = pythonRepr({ Source: module.name, Mappings: mappings });
  // A string of JSON, which is then sent as JSON: so do the Python modules.
  return {
    status: 200,
    body: JSON.stringify(JSON.stringify({ frequency: module.frequency, normalization_map: map })),
  };
}

/** One call after the other, a parent before its children. */
async function registerMappings(
  mappings: readonly ModuleMapping[],
  post: AnalyticsPost,
  ids: { source_module_id: number; parent_measurement_id?: number },
): Promise<unknown[]> {
  const registered: unknown[] = [];
  for (const mapping of mappings) {
    const answer = await post("/source-measurement", {
      source_module_id: ids.source_module_id,
      type: mapping.DataType,
      measurement_name: mapping.MeasurementName,
      ...("parent_measurement_id" in ids ? { parent_measurement_id: ids.parent_measurement_id } : {}),
    });
    const { id } = z.object({ id: z.number().int() }).parse(answer);
    const { NestedMappings, ...fields } = mapping;
    const nested = NestedMappings && {
      NestedMappings: await registerMappings(NestedMappings, post, { ...ids, parent_measurement_id: id }),
    };
    registered.push({ ...fields, ...nested, source_measurement_id: id });
  }
  return registered;
}

const IDENTIFIERS_HOLD_DAYS = 180;

async function discover(
  module: ExternalModuleOptions,
  _post: AnalyticsPost,
  request: IncomingMessage,
): Promise<Answer> {
  const companies = discoverBody.safeParse(JSON.parse(await bodyOf(request)));
  if (!companies.success) return { status: 422, body: { detail: companies.error.issues } };
  const validity = new Date(Date.now() + IDENTIFIERS_HOLD_DAYS * 24 * 3_600_000);
  const identifiers = companies.data.map(({ company_id, name }) => [company_id, module.discover(name)]);
  return {
    status: 200,
    body: { identifiers: Object.fromEntries(identifiers), validity: pythonIsoFormat(validity) },
  };
}

async function mineCompanies(
  module: ExternalModuleOptions,
  post: AnalyticsPost,
  request: IncomingMessage,
): Promise<Answer> {
  const body = companiesBody.safeParse(JSON.parse(await bodyOf(request)));
  if (!body.success) return { status: 422, body: { detail: body.error.issues } };
  const { task_id, companies } = body.data;
  const errors: Record<string, { error_type: string; error_description: string }> = {};
  for (const [company_id, identifiers] of Object.entries(companies)) {
    for (const [property, handles] of Object.entries(identifiers)) {
      for (const handle of handles) {
        try {
          const raw_data = await module.crawl(property, handle);
          await post("/feed-raw-data", { source_name: module.name, company_id, raw_data });
        } catch (error) {
          if (!(error instanceof CrawlingError)) throw error;
          // The last one wins.
          errors[company_id] = { error_type: error.type, error_description: error.message };
        }
      }
    }
  }
  return { status: 200, body: await post("/crawling-finished", { task_id, errors }) };
}

type AnalyticsPost = (path: string, body: object) => Promise<unknown>;

const ANALYTICS_TIMEOUT_MS = 120_000;

/** Posts to the backend with the token that the module was called with, unchanged. */
function analyticsClient({ analyticsUrl }: ExternalModuleOptions, authorization: string): AnalyticsPost {
  return async (path, body) => {
    const response = await fetch(new URL(path, analyticsUrl), {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Authorization: `Bearer ${authorization.replace(/^Bearer /, "")}`,
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANALYTICS_TIMEOUT_MS),
    });
    const text = await response.text();
    if (response.status === 200 || response.status === 201) return JSON.parse(text);
    throw new CrawlingError(
      `API request failed with status code ${response.status},response: ${text}`,
      "AnalyticsError",
    );
  };
}
