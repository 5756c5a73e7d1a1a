import { documentIdAt } from "../../domain/rawDocument/directDocument.ts";
import { documentFunction } from "../../platform/documentFunction.ts";

// By itself, because knowing of documents takes Firestore's client: the stage's other function starts without it.

/** Turns a new raw document into values. */
export const normalizeRawData = documentFunction(
  {
    name: "normalizeRawData",
    account: "normalize",
    document: "parma/mining/datasource/{source}/raw_data/{documentId}",
    // Two of the largest raw answers take 625 MiB while they are read and written (test/memory).
    memory: "1GiB",
    // The largest document takes about 20 s; a database that is busy may take a minute for a statement.
    timeoutSeconds: 180,
    concurrency: 2,
    maxInstances: 6,
    connections: 2,
    uses: ["blobs"],
  },
  async (event) => {
    const { normalizeDocument } = await import("./normalizeDocument.ts");
    const { firestore } = await import("../../platform/firebase.ts");
    const { normalizeStored } = await import("./normalizeStored.ts");
    // The event carries the document, but for one that is too large for an event.
    const snapshot = event.data ?? (await firestore().doc(event.document).get());
    const document = {
      id: documentIdAt(event.document),
      path: event.document,
      createdAt: snapshot.createTime?.toDate(),
      fields: snapshot.data(),
    };
    await normalizeStored(document.id, (context) => normalizeDocument(context, document));
  },
);
