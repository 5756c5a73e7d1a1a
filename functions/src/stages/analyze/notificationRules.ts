import { seedRules } from "../../domain/rule/seedRules.ts";
import { anyone, type Paths, route } from "../../platform/http.ts";
import { database } from "../../platform/postgres.ts";

export const paths: Paths = {
  "/": {
    GET: route(
      { callers: anyone, summary: "makes the rules that come with the project" },
      async ({ now }) => ({
        status: 200,
        body: { message: "The notification rules are there", ...(await seedRules(await database(), now)) },
      }),
    ),
  },
};
