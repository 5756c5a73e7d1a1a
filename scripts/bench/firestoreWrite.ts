import { firestore } from "../../functions/src/platform/firebase.ts";
import { median, ratioOf, side, takeTurns } from "./rounds.ts";
import type { Figure } from "./suite.ts";

const IN_FLIGHT = 4;
const IN_A_BATCH = 20;

let documents = 0;

function newDocument() {
  documents += 1;
  return firestore().doc(`bench/writes/documents/${documents}`);
}

/** The creation of documents in Firestore one by one, as each caller must have its answer, against batches. */
export async function firestoreWriteFigure(
  fields: object,
  { rounds, writes }: { rounds: number; writes: number },
): Promise<Figure> {
  const perSecond = async (work: () => Promise<unknown>) => {
    const started = performance.now();
    await work();
    return (writes * 1_000) / (performance.now() - started);
  };
  const alone = side(() => perSecond(() => inFlight(writes, () => newDocument().create(fields))));
  const batched = side(() =>
    perSecond(() =>
      inFlight(writes / IN_A_BATCH, async () => {
        const batch = firestore().batch();
        for (let i = 0; i < IN_A_BATCH; i += 1) batch.create(newDocument(), fields);
        await batch.commit();
      }),
    ),
  );
  await takeTurns([alone, batched], rounds);
  return {
    name: "Firestore write",
    explains: `a document at a time, ${IN_FLIGHT} in flight, by ${IN_A_BATCH} in a batch: what batching could win`,
    measured: { as: "ratio", ...ratioOf(alone, batched) },
    absolute: [
      { what: "one by one", value: median(alone.reached), unit: "documents/s" },
      { what: "in batches", value: median(batched.reached), unit: "documents/s" },
    ],
  };
}

async function inFlight(count: number, work: () => Promise<unknown>): Promise<void> {
  let left = count;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      await work();
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}
