import { type Paths, route } from "../../platform/http.ts";
import { webApplication } from "../../platform/webApplication.ts";
import { tickNow } from "./tickNow.ts";

/** Ticks, and answers when the tick has ended: a few milliseconds, and nothing is left to do after the answer. */
const tickRoute = route(webApplication, async () => {
  await tickNow();
  return { status: 200, body: { message: "Scheduled" } };
});

export const paths: Paths = { "/": { GET: tickRoute, POST: tickRoute } };
