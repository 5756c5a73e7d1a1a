import { type Random, randomOf } from "../random.ts";
import { CONNECTIONS, type Connection } from "../wiring.ts";

/** Something that goes wrong when so much of the work is done: from 0 to 1. */
export type Fault = { readonly at: number } & (
  | { readonly kind: "kill" }
  | { readonly kind: "restart"; readonly mode: "fast" | "immediate"; readonly downMs: number }
  | { readonly kind: "cut"; readonly connection: Connection }
  | { readonly kind: "refuse" | "stall"; readonly connection: Connection; readonly ms: number }
);

/** How much goes wrong. */
export interface Faults {
  readonly seed: number;
  readonly kills: number;
  readonly restarts: number;
  /** How often each connection is cut, refused and stalled. */
  readonly disturbances: number;
}

const DOWN_MS = { from: 200, to: 1_500 };
const REFUSED_MS = { from: 100, to: 800 };
const STALLED_MS = { from: 100, to: 1_500 };

// What goes wrong at the very end would find nothing to disturb.
const LAST_AT = 0.9;

/** A schedule of faults, spread over the work, the same for the same seed. */
export function planFaults({ seed, kills, restarts, disturbances }: Faults): Fault[] {
  const random = randomOf(seed, "faults");
  const spread = <F>(count: number, make: (random: Random) => F) =>
    Array.from({ length: count }, (_, i) => ({
      ...make(random),
      at: ((i + random.next()) / count) * LAST_AT,
    }));
  const faults: Fault[] = [
    ...spread(kills, () => ({ kind: "kill" as const })),
    ...spread(restarts, () => ({
      kind: "restart" as const,
      mode: random.pick(["fast", "immediate"]),
      downMs: random.int(DOWN_MS.from, DOWN_MS.to),
    })),
    ...CONNECTIONS.flatMap((connection) => [
      ...spread(disturbances, () => ({ kind: "cut" as const, connection })),
      ...spread(disturbances, () => ({
        kind: "refuse" as const,
        connection,
        ms: random.int(REFUSED_MS.from, REFUSED_MS.to),
      })),
      ...spread(disturbances, () => ({
        kind: "stall" as const,
        connection,
        ms: random.int(STALLED_MS.from, STALLED_MS.to),
      })),
    ]),
  ];
  return faults.toSorted((a, b) => a.at - b.at);
}
