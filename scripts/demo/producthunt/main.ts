import { z } from "zod";
import { startExternalModule } from "../../../functions/test/standins/externalModule.ts";
import { producthunt } from "./producthunt.ts";

// Runs the module as its own program, configured like the Python modules. It prints its address and runs until stopped.
const { ANALYTICS_BASE_URL, PARMA_SHARED_SECRET_KEY } = z
  .object({ ANALYTICS_BASE_URL: z.url(), PARMA_SHARED_SECRET_KEY: z.string().min(1) })
  .parse(process.env);

const server = await startExternalModule(
  producthunt({ analyticsUrl: ANALYTICS_BASE_URL, sharedSecret: PARMA_SHARED_SECRET_KEY }),
);
console.log(`Listening on ${server.url}`);
process.once("SIGTERM", () => void server.stop());
