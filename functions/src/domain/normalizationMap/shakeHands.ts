import type { Firestore } from "firebase-admin/firestore";
import { z } from "zod";
import type { TransactionalDatabase } from "../../platform/postgres.ts";
import type { MiningModule, ModuleSource } from "../miningModule/miningModule.ts";
import { storeMap } from "./mapStore.ts";
import { ensureMeasurements } from "./measurements.ts";

export const handshakeResult = z.object({ frequency: z.enum(["hourly", "daily", "weekly", "monthly"]) });

interface HandshakeContext {
  readonly db: TransactionalDatabase;
  readonly firestore: Firestore;
  readonly module: MiningModule;
}

/**
 * Asks a source's module what it delivers and keeps its map, as a new version where it differs.
 *
 * @throws ModuleError
 */
export async function shakeHands(
  { db, firestore, module }: HandshakeContext,
  source: ModuleSource,
  now: Date,
): Promise<z.output<typeof handshakeResult>> {
  const { frequency, map } = await module.describe(now);
  await storeMap(firestore, source, await ensureMeasurements(db, source.id, map, now), now);
  return { frequency };
}
