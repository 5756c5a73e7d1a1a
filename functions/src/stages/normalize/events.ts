import { onDocumentCreated } from "firebase-functions/firestore";
import { REGION } from "../../platform/config.ts";
import { eventHandler } from "../../platform/eventHandler.ts";
import { runsAs } from "../../platform/serviceAccounts.ts";

// By itself, because knowing of documents takes Firestore's client: the stage's other function starts without it.

/** Turns a new raw document into values. */
export const normalizeRawData = onDocumentCreated(
  {
    ...runsAs("normalize"),
    document: "parma/mining/datasource/{source}/raw_data/{documentId}",
    region: REGION,
    // What may pass is tried again with back-off for a day; the rest does not throw.
    retry: true,
    // A raw answer of 20 MB takes some 400 MB while it is read and written.
    memory: "1GiB",
    // The largest document takes about 20 s; a database that is busy may take a minute for a statement.
    timeoutSeconds: 180,
    // Two of the largest documents fit the memory.
    concurrency: 2,
    // A run uses one connection to PostgreSQL: 80 at most. A day's mining that arrives at once waits here.
    maxInstances: 40,
  },
  eventHandler(async (event) => {
    const { normalizeDocument } = await import("./normalizeDocument.ts");
    const { firestore } = await import("../../platform/firebase.ts");
    const { normalizeStored } = await import("./normalizeStored.ts");
    // The event carries the document, but for one that is too large for an event.
    const snapshot = event.data ?? (await firestore().doc(event.document).get());
    const document = { id: event.params.documentId, path: event.document, fields: snapshot.data() };
    await normalizeStored(document.id, (context) => normalizeDocument(context, document));
  }),
);
