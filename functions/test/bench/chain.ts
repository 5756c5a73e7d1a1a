import { getApps, initializeApp } from "firebase-admin/app";
import { getFirestore } from "firebase-admin/firestore";
import { getFunctions } from "firebase-admin/functions";
import { onDocumentCreated } from "firebase-functions/firestore";
import { onRequest } from "firebase-functions/https";
import { onTaskDispatched } from "firebase-functions/tasks";

/**
 * The way from a raw document to a message with nothing on it: each function only hands over to the next, as ours do.
 * What this takes is the platform's.
 */

const region = "europe-west1";

function app() {
  return getApps()[0] ?? initializeApp();
}

/** Keeps the body as a document, under the name that it gives. */
export const keep = onRequest({ region, invoker: "public" }, async (request, response) => {
  const { name, data } = request.body;
  await getFirestore(app()).doc(`bench/first/documents/${name}`).create({ name, data });
  response.status(201).json({ name });
});

/** Hands over by another document. */
export const handOver = onDocumentCreated(
  { document: "bench/first/documents/{id}", region, concurrency: 2 },
  async ({ data }) => {
    const name: string = data?.get("name");
    await getFirestore(app()).doc(`bench/second/documents/${name}`).create({ name });
  },
);

/** Hands over by a task. */
export const enqueue = onDocumentCreated(
  { document: "bench/second/documents/{id}", region, concurrency: 2 },
  async ({ data }) => {
    const queue = getFunctions(app()).taskQueue(`locations/${region}/functions/post`);
    await queue.enqueue({ name: data?.get("name") });
  },
);

/** Posts a message to Slack. */
export const post = onTaskDispatched({ region, concurrency: 4 }, async ({ data }) => {
  const { SLACK_API_URL, SLACK_TOKEN = "" } = process.env;
  await fetch(new URL("chat.postMessage", SLACK_API_URL), {
    method: "POST",
    body: new URLSearchParams({ token: SLACK_TOKEN, channel: "#portfolio-news", text: data.name }),
  });
});
