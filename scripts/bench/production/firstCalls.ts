import type { OutgoingHttpHeaders } from "node:http";
import { blobStore } from "../../../functions/src/adapters/blobStore.ts";
import type { RawObject } from "../../../functions/src/domain/rawDocument/losslessJson.ts";
import { batchPath } from "../../../functions/src/domain/rawDocument/removeRawDocuments.ts";
import { storeRawDocument } from "../../../functions/src/domain/rawDocument/storeRawDocument.ts";
import { firestore } from "../../../functions/src/platform/firebase.ts";
import { normalizeAtPath } from "../../../functions/src/stages/normalize/normalizeDocument.ts";
import { readShapes, type Shape } from "../portfolio/shapes.ts";
import type { Backends } from "./backends.ts";
import type { Deployed } from "./programs.ts";
import { enterSource, type FedSource } from "./source.ts";
import type { EventCatcher } from "./triggers.ts";

/** A request that has a function do something. */
export interface FirstCall {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

const JSON_HEADERS = { "content-type": "application/json" };

/** What tasks are about that find nothing to do: they load what they need, and ask the database. */
const PAYLOADS: Readonly<Record<string, object>> = {
  askModule: { sourceId: 1, kind: "HANDSHAKE", run: 1 },
  mineSource: { taskId: 1, attempt: 1, after: null },
  mineCompany: { taskId: 1, attempt: 1, companyId: 1 },
  mineCompanyAlone: { taskId: 1, attempt: 1, companyId: 1 },
  normalizeAgain: { path: "parma/mining/datasource/none/raw_data/none" },
  analyzeAgain: { rawDocumentId: "none" },
  improveNews: { newsId: 1 },
  scoreComments: { rawDocumentId: "none" },
  deliver: { deliveryId: 1 },
  sendTestMessage: { channelId: 1 },
  sendReport: { userId: 1, week: "2024-01-01" },
  erase: { erasureId: 1 },
  processAgain: { backfillId: 1, companyId: 1 },
};

const ERASURE = `
  insert into pipeline.erasure (kind, subject_id, requested_by, requested_at)
  values ('COMPANY', 2147483647, 'bench', now() at time zone 'utc')`;

/** The calls that functions are started with. */
export interface FirstCalls {
  /** Has it do what it is for; where that takes a document, with one that is new each time. */
  working(deployed: Deployed): Promise<FirstCall>;
  /** Is refused before any work. */
  idle(deployed: Deployed): FirstCall;
  readonly hello: () => Promise<FirstCall>;
  readonly helloEvent: () => Promise<FirstCall>;
}

/** Makes first calls, with what they are about. */
export async function makeFirstCalls(backends: Backends, catcher: EventCatcher): Promise<FirstCalls> {
  const { repositories } = await readShapes();
  const source = await enterSource(backends, { shape: repositories, companies: 1 });
  await backends.db.query(ERASURE);
  const documents = new Documents(backends, source, repositories.answer);
  const event = async (name: string) => eventCall(catcher, await documents.pathFor(name));
  const simple = { method: "GET", path: "/", headers: {} } as const;
  return {
    working: async ({ name, taskQueueTrigger, scheduleTrigger, eventTrigger }) => {
      if (eventTrigger !== undefined) return event(name);
      if (taskQueueTrigger !== undefined) return taskCall(name);
      if (scheduleTrigger !== undefined) return scheduleCall();
      return httpCall(name, source, documents.answer());
    },
    // A route that is not there gets as far as the routes; a task without credentials only to firebase-functions.
    idle: ({ httpsTrigger }) => ({ ...simple, method: "POST", path: httpsTrigger ? "/nothing" : "/" }),
    hello: async () => simple,
    helloEvent: () => event("helloEvent"),
  };
}

function taskCall(name: string): FirstCall {
  const data = PAYLOADS[name];
  if (data === undefined) throw new Error(`There is no payload for the queue ${name}`);
  const part = Buffer.from(JSON.stringify({ sub: "tasks" })).toString("base64url");
  const headers = { ...JSON_HEADERS, authorization: `Bearer ${part}.${part}.${part}` };
  return { method: "POST", path: "/", headers, body: JSON.stringify({ data }) };
}

function scheduleCall(): FirstCall {
  const headers = { ...JSON_HEADERS, "x-cloudscheduler-scheduletime": new Date().toISOString() };
  return { method: "POST", path: "/", headers, body: "{}" };
}

function httpCall(
  name: string,
  { id, token, name: source, companies }: FedSource,
  answer: RawObject,
): FirstCall {
  const headers = { ...JSON_HEADERS, authorization: `Bearer ${token}` };
  const post = (body: object): FirstCall => ({
    method: "POST",
    path: "/",
    headers,
    body: JSON.stringify(body),
  });
  const get = (path: string): FirstCall => ({ method: "GET", path, headers });
  switch (name) {
    case "feedRawData":
      return post({ source_name: source, company_id: String(companies[0]?.id), raw_data: answer });
    case "crawlingFinished":
      return post({ task_id: 1, errors: {} });
    case "newCompany":
      return post({ id: "1", company_name: "A new company" });
    case "crmCompanies":
      return post({ user_id: 1 });
    case "sourceMeasurement":
      return get("/1");
    case "handshake":
      return get(`/?data_source_id=${id}&invocation_endpoint=builtin:none`);
    case "health":
      return get("/live");
    default:
      return get("/");
  }
}

/** The event of a document that is in Firestore, as it came. */
async function eventCall(catcher: EventCatcher, path: string): Promise<FirstCall> {
  const { headers, body } = await catcher.eventOf(path);
  const { host: _catchers, connection: _its, "transfer-encoding": _chunks, ...others } = headers;
  return { method: "POST", path: "/", headers: others, body };
}

/** Raw answers that are each another one. */
class Documents {
  private readonly backends: Backends;
  private readonly source: FedSource;
  private readonly answerOf: Shape["answer"];
  private count = 0;

  constructor(backends: Backends, source: FedSource, answerOf: Shape["answer"]) {
    this.backends = backends;
    this.source = source;
    this.answerOf = answerOf;
  }

  answer(): RawObject {
    this.count += 1;
    return { ...this.answerOf("bench"), run: String(this.count) };
  }

  /** Files one, and brings it to where the function begins. @returns its path in Firestore */
  async pathFor(functionName: string): Promise<string> {
    const [company] = this.source.companies;
    if (company === undefined) throw new Error("The source has no company");
    const stores = { db: this.backends.db, firestore: firestore(), blobStore: blobStore() };
    const now = new Date();
    const { id, path } = await storeRawDocument(stores, {
      source: this.source,
      companyId: company.id,
      rawData: this.answer(),
      observedAt: now,
      now,
    });
    if (functionName !== "analyzeBatch") return path;
    await normalizeAtPath({ ...stores, now }, path);
    return batchPath(id);
  }
}
