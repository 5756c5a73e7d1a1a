import { onDocumentCreated } from "firebase-functions/firestore";

/** The hello world of a new document. */
export const helloEvent = onDocumentCreated(
  { document: "bench/hello/documents/{id}", region: "europe-west1" },
  ({ params }) => params.id,
);
