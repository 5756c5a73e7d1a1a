import { httpFunction } from "../../platform/http.ts";

/** Takes a raw answer from a mining module and keeps it. */
export const feedRawData = httpFunction(
  {
    name: "feedRawData",
    path: "/feed-raw-data",
    account: "ingest",
    // A body of 20 MiB takes up to 450 MiB while it is parsed and hashed, so few at a time share an instance.
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
    // The module gets two minutes; it makes up to a hundred calls of its own meanwhile, to another function.
    timeoutSeconds: 150,
    maxInstances: 1,
    connections: 2,
    uses: ["webApplication", "moduleTokens", "moduleNetworks", "blobs"],
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
    timeoutSeconds: 300,
    // One instance, so that calls at the same time share one import: anybody can call this.
    maxInstances: 1,
    connections: 1,
    uses: ["webApplication", "moduleTokens", "moduleNetworks", "blobs"],
  },
  async () => (await import("./crmCompanies.ts")).paths,
);
