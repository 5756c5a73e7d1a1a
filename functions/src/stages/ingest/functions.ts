import { IN_EMULATOR } from "../../platform/config.ts";
import { httpFunction } from "../../platform/http.ts";
import { addLogIds } from "../../platform/logContext.ts";
import { taskFunction } from "../../platform/taskFunction.ts";

/** Takes a raw answer from a mining module and keeps it. */
export const feedRawData = httpFunction(
  {
    name: "feedRawData",
    path: "/feed-raw-data",
    account: "ingest",
    // Four of the largest bodies take 900 MiB while they are parsed and hashed (test/memory). The rest is for what V8 frees
    // late.
    memory: "2GiB",
    concurrency: 4,
    timeoutSeconds: 60,
    maxInstances: 5,
    connections: 1,
    uses: ["moduleTokens", "blobs"],
  },
  async () => (await import("./feedRawData.ts")).paths,
);

/** Takes a module's report that it is done with a mining call. */
export const crawlingFinished = httpFunction(
  {
    name: "crawlingFinished",
    path: "/crawling-finished",
    account: "ingest",
    memory: "256MiB",
    timeoutSeconds: 60,
    maxInstances: 2,
    connections: 1,
    uses: ["moduleTokens"],
  },
  async () => (await import("./crawlingFinished.ts")).paths,
);

/** The measurements of a source: modules register theirs during the handshake. */
export const sourceMeasurement = httpFunction(
  {
    name: "sourceMeasurement",
    path: "/source-measurement",
    account: "ingest",
    memory: "256MiB",
    timeoutSeconds: 30,
    maxInstances: 2,
    connections: 1,
    uses: ["moduleTokens"],
  },
  async () => (await import("./sourceMeasurement.ts")).paths,
);

/** Asks a new source's module for its map and frequency, while the web application waits. */
export const handshake = httpFunction(
  {
    name: "handshake",
    path: "/handshake",
    account: "ingest",
    memory: "256MiB",
    // Hosting waits no longer. askModule calls the module; this waits for 50 s of it.
    timeoutSeconds: 60,
    maxInstances: 1,
    connections: 1,
    uses: ["webApplication"],
  },
  async () => (await import("./handshake.ts")).paths,
);

/** Registers a company that a module came across. */
export const newCompany = httpFunction(
  {
    name: "newCompany",
    path: "/new-company",
    account: "ingest",
    memory: "256MiB",
    timeoutSeconds: 30,
    maxInstances: 1,
    connections: 1,
    uses: ["moduleTokens"],
  },
  async () => (await import("./newCompany.ts")).paths,
);

/** Imports the companies of the CRM, while the web application waits. */
export const crmCompanies = httpFunction(
  {
    name: "crmCompanies",
    path: "/crm-companies",
    account: "ingest",
    memory: "256MiB",
    // As the handshake's.
    timeoutSeconds: 60,
    maxInstances: 1,
    connections: 1,
    uses: ["webApplication"],
  },
  async () => (await import("./crmCompanies.ts")).paths,
);

/** Asks a source's module for its handshake, or for the companies of its CRM. Task: `{ sourceId, kind, run }`. */
export const askModule = taskFunction(
  {
    name: "askModule",
    account: "ingest",
    memory: "512MiB",
    // A handshake may take two minutes, during which the module makes up to a hundred calls of its own, to another
    // function. A CRM's list may take four minutes, and its companies are registered after that.
    timeoutSeconds: 540,
    concurrency: 20,
    maxInstances: 1,
    connections: 2,
    // The request counts its tries. These also cover a process that died, which is noticed after ten minutes.
    retry: { attempts: 10, minBackoff: 15, maxBackoff: 240 },
    // The emulator has a dozen places for all functions, and the caller and the module's call-backs take some.
    dispatches: { atOnce: IN_EMULATOR ? 4 : 20 },
    uses: ["moduleTokens", "moduleNetworks", "blobs"],
  },
  async (request) => {
    const { askModule } = await import("./askModule.ts");
    const { moduleRequestPayload } = await import("./moduleRequest.ts");
    const { shakeHands } = await import("../../domain/normalizationMap/shakeHands.ts");
    const { importCompanies } = await import("./crmCompanies.ts");
    const { moduleFor } = await import("../../adapters/modules/moduleFor.ts");
    const { blobStore } = await import("../../adapters/blobStore.ts");
    const { database } = await import("../../platform/postgres.ts");
    const { firestore } = await import("../../platform/firebase.ts");
    const payload = moduleRequestPayload.parse(request.data);
    addLogIds({ source: payload.sourceId });
    const stores = { db: await database(), firestore: firestore(), blobStore: blobStore() };
    const ask = {
      HANDSHAKE: (source, { now }) =>
        shakeHands({ ...stores, module: moduleFor(source, stores) }, source, now),
      CRM_IMPORT: (source, asked) => importCompanies({ ...stores, module: moduleFor(source, stores) }, asked),
    } satisfies Parameters<typeof askModule>[0]["ask"];
    await askModule({ db: stores.db, ask, clock: () => new Date() }, payload);
  },
);
