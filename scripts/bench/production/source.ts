import { signModuleTokens } from "../../../functions/src/domain/miningModule/moduleToken.ts";
import { storeMap } from "../../../functions/src/domain/normalizationMap/mapStore.ts";
import { ensureMeasurements } from "../../../functions/src/domain/normalizationMap/measurements.ts";
import { firestore } from "../../../functions/src/platform/firebase.ts";
import { insertCompany, insertSource } from "../../../functions/test/rows.ts";
import type { Shape } from "../portfolio/shapes.ts";
import type { Backends } from "./backends.ts";

/** A source that has introduced itself, and its companies. */
export interface FedSource {
  readonly id: number;
  readonly name: string;
  /** Feeds with this. */
  readonly token: string;
  readonly companies: readonly FedCompany[];
}

export interface FedCompany {
  readonly id: number;
  readonly name: string;
}

interface SourceOptions {
  readonly shape: Shape;
  readonly companies: number;
  /** Of its module; without one it is only fed. */
  readonly endpoint?: string;
}

const TOKEN_SECONDS = 24 * 3_600;

/** Enters a source as a handshake leaves it. */
export async function enterSource(
  { db }: Backends,
  { shape, companies, endpoint }: SourceOptions,
): Promise<FedSource> {
  const now = new Date();
  const name = shape.map.Source;
  const module = endpoint === undefined ? { isActive: false } : { endpoint };
  const id = await insertSource(db, { name, ...module });
  await storeMap(firestore(), { id, name }, await ensureMeasurements(db, id, shape.map, now), now);
  const [token] = await signModuleTokens({ sourceId: id }, { now, lifeSeconds: TOKEN_SECONDS });
  const entered: FedCompany[] = [];
  for (let number = 1; number <= companies; number += 1) {
    const company = `company-${number}-of-${name}`;
    entered.push({ id: await insertCompany(db, company), name: company });
  }
  return { id, name, token, companies: entered };
}
