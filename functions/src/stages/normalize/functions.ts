import { taskFunction } from "../../platform/taskFunction.ts";

/** Runs a raw document again that failed, or whose event got lost. Task: `{ path }`, the document's path in Firestore. */
export const normalizeAgain = taskFunction(
  {
    name: "normalizeAgain",
    account: "normalize",
    memory: "1GiB",
    timeoutSeconds: 180,
    concurrency: 2,
    retry: { attempts: 5, minBackoff: 30, maxBackoff: 600 },
    dispatches: { atOnce: 2 },
    maxInstances: 1,
    connections: 2,
    uses: ["blobs"],
  },
  async (request) => {
    const { normalizeAtPath } = await import("./normalizeDocument.ts");
    const { normalizeAgainPayload } = await import("../../domain/rawDocument/normalizeAgainTask.ts");
    const { documentIdAt } = await import("../../domain/rawDocument/directDocument.ts");
    const { normalizeStored } = await import("./normalizeStored.ts");
    const { path } = normalizeAgainPayload.parse(request.data);
    await normalizeStored(documentIdAt(path), (context) => normalizeAtPath(context, path));
  },
);
