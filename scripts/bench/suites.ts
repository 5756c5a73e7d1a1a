import type { Suite } from "./suite.ts";

/** The suites by name, in the order in which they run. Each is loaded when it runs. */
export const SUITES: Readonly<Record<string, () => Promise<Suite>>> = {
  normalize: async () => (await import("./normalize.ts")).normalizeSuite,
  analyze: async () => (await import("./analyze.ts")).analyzeSuite,
  schedule: async () => (await import("./schedule.ts")).scheduleSuite,
  ingest: async () => (await import("./ingest.ts")).ingestSuite,
  coldStart: async () => (await import("./coldStart.ts")).coldStartSuite,
  endToEnd: async () => (await import("./endToEnd.ts")).endToEndSuite,
  cost: async () => (await import("./cost.ts")).costSuite,
};
