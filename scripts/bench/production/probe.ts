import { subscribe } from "node:diagnostics_channel";
import { createRequire } from "node:module";
import { join } from "node:path";

/**
 * Loaded into a process of a function (`--import`): says when it listens and, when asked, what it has used up. With
 * BENCH_COUNT it counts what goes to Firestore; with BENCH_WITHOUT_WRITE no document is created there.
 */

interface FirestoreClient {
  request(method: string, request: Record<string, unknown>, ...others: unknown[]): Promise<unknown>;
  requestStream(method: string, ...others: unknown[]): Promise<NodeJS.EventEmitter>;
}

/** What is used of the client, whose own types are not needed here. */
interface FirestoreModule {
  readonly Firestore: { readonly prototype: FirestoreClient };
  readonly DocumentReference: { readonly prototype: { create: () => Promise<unknown> } };
}

const counts = { reads: 0, writes: 0, writtenBytes: 0 };

subscribe("tracing:net.server.listen:asyncEnd", () => process.send?.("listening"));

process.on("message", (wanted) => {
  if (wanted !== "usage") return;
  const { user, system } = process.cpuUsage();
  process.send?.({
    processorSeconds: (user + system) / 1e6,
    residentMiB: process.memoryUsage.rss() / 2 ** 20,
    peakMiB: process.resourceUsage().maxRSS / 2 ** 10,
    ...counts,
  });
});

const { BENCH_COUNT, BENCH_WITHOUT_WRITE } = process.env;
if (BENCH_COUNT || BENCH_WITHOUT_WRITE) {
  const { Firestore, DocumentReference } = firestoreModule();
  if (BENCH_WITHOUT_WRITE) DocumentReference.prototype.create = async () => undefined;
  if (BENCH_COUNT) countRequests(Firestore.prototype);
}

function firestoreModule(): FirestoreModule {
  return createRequire(join(process.cwd(), "package.json"))("@google-cloud/firestore");
}

function countRequests(client: FirestoreClient): void {
  const { request, requestStream } = client;
  client.request = function (method, sent, ...others) {
    const writes = sent["writes"];
    if (method === "commit" && Array.isArray(writes)) {
      counts.writes += writes.length;
      counts.writtenBytes += writes.reduce((sum: number, write) => sum + sizeOf(write.update?.fields), 0);
    }
    return request.call(this, method, sent, ...others);
  };
  client.requestStream = async function (method, ...others) {
    const stream = await requestStream.call(this, method, ...others);
    // Each answer is a document, or says that there is none, which costs as much.
    stream.on("data", () => {
      counts.reads += 1;
    });
    return stream;
  };
}

/** About what Firestore counts for a document's fields, as they are sent: a value of each is named by its type. */
function sizeOf(sent: unknown): number {
  if (typeof sent === "string") return Buffer.byteLength(sent) + 1;
  if (typeof sent !== "object" || sent === null) return 8;
  if (Array.isArray(sent)) return sent.reduce((sum: number, one) => sum + sizeOf(one), 0);
  return Object.entries(sent).reduce((sum, [name, value]) => {
    const isName = !/^(fields|values|valueType|(map|array|\w+)Value)$/.test(name);
    return sum + (isName ? Buffer.byteLength(name) + 1 : 0) + (name === "valueType" ? 0 : sizeOf(value));
  }, 0);
}
