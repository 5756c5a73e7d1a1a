import { anyone, type Paths, route } from "../../../platform/http.ts";
import { database } from "../../../platform/postgres.ts";
import { checkReadiness } from "./checks.ts";

/** Live: this process answers. Ready: so does what it needs. */
export const paths: Paths = {
  "/live": { GET: route(anyone, async () => ({ status: 200, body: { live: true } })) },
  "/ready": {
    GET: route(anyone, async () => {
      const readiness = await checkReadiness({
        database,
        // Its client takes half a second to load, which whoever only asks whether we live need not wait for.
        readFirestore: async () => {
          const { firestore } = await import("../../../platform/firebase.ts");
          return firestore().doc("parma/health").get();
        },
      });
      return { status: readiness.ready ? 200 : 503, body: readiness };
    }),
  },
};
