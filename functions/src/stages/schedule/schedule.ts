import { anyone, type Paths, route } from "../../platform/http.ts";
import { tickNow } from "./tickNow.ts";

/** Ticks, and answers when the tick has ended: a few milliseconds, and nothing is left to do after the answer. */
const tickRoute = route(anyone, async () => ({
  status: 200,
  body: { message: "Scheduled", ...(await tickNow()) },
}));

export const paths: Paths = { "/": { GET: tickRoute, POST: tickRoute } };
