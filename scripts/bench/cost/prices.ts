/**
 * List prices in US dollars, without free tiers and discounts, as Google publishes them
 * (cloud.google.com/run/pricing, /firestore/pricing, /tasks/pricing, /scheduler/pricing, /sql/pricing, /logging and
 * /storage/pricing). Of europe-west1 where it has a price of its own, else of us-central1, which is as dear.
 */
export const PRICES = {
  asOf: "2026-11",
  /** Request-based billing, tier 1. */
  run: { vcpuSecond: 0.000024, gibSecond: 0.0000025, million: 0.4 },
  firestore: { hundredThousandReads: 0.03, hundredThousandWrites: 0.09, gibMonth: 0.15 },
  /** An operation is the creation of a task, or one attempt to deliver it. */
  tasks: { millionOperations: 0.4 },
  scheduler: { job: 0.1 },
  /** PostgreSQL, Enterprise edition, no standby. */
  sql: { vcpuHour: 0.0413, gibHour: 0.007, gibMonth: 0.17 },
  logging: { gib: 0.5 },
} as const;
