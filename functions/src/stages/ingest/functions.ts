import { endpoint } from "../../platform/http.ts";
import { TOKEN_SECRETS } from "../../platform/secrets.ts";
import { runsAs } from "../../platform/serviceAccounts.ts";

/** Takes a raw answer from a mining module and keeps it. */
export const feedRawData = endpoint(
  "feedRawData",
  "/feed-raw-data",
  // A body of 20 MiB takes up to 450 MiB while it is parsed and hashed, so few at a time share an instance.
  { ...runsAs("ingest"), memory: "2GiB", timeoutSeconds: 60, concurrency: 4, secrets: [...TOKEN_SECRETS] },
  async () => (await import("./feedRawData.ts")).paths,
);

/** Takes a module's report that it is done with a mining call. */
export const crawlingFinished = endpoint(
  "crawlingFinished",
  "/crawling-finished",
  { ...runsAs("ingest"), memory: "256MiB", timeoutSeconds: 60, secrets: [...TOKEN_SECRETS] },
  async () => (await import("./crawlingFinished.ts")).paths,
);

/** The measurements of a source: modules register theirs during the handshake. */
export const sourceMeasurement = endpoint(
  "sourceMeasurement",
  "/source-measurement",
  { ...runsAs("ingest"), memory: "256MiB", timeoutSeconds: 30, secrets: [...TOKEN_SECRETS] },
  async () => (await import("./sourceMeasurement.ts")).paths,
);

/** Asks a new source's module for its map and frequency, while the web application waits. */
export const handshake = endpoint(
  "handshake",
  "/handshake",
  // The module gets two minutes; it makes up to a hundred calls of its own meanwhile, to another function.
  { ...runsAs("ingest"), memory: "256MiB", timeoutSeconds: 150, secrets: [...TOKEN_SECRETS] },
  async () => (await import("./handshake.ts")).paths,
);

/** Registers a company that a module came across. */
export const newCompany = endpoint(
  "newCompany",
  "/new-company",
  { ...runsAs("ingest"), memory: "256MiB", timeoutSeconds: 30, secrets: [...TOKEN_SECRETS] },
  async () => (await import("./newCompany.ts")).paths,
);

/** Imports the companies of the CRM, while the web application waits. */
export const crmCompanies = endpoint(
  "crmCompanies",
  "/crm-companies",
  // One instance, so that calls at the same time share one import: anybody can call this.
  {
    ...runsAs("ingest"),
    memory: "256MiB",
    timeoutSeconds: 300,
    maxInstances: 1,
    secrets: [...TOKEN_SECRETS],
  },
  async () => (await import("./crmCompanies.ts")).paths,
);
