import { type Paths, route } from "../platform/http.ts";
import { operator } from "../platform/operator.ts";
import { database } from "../platform/postgres.ts";
import { enqueueTasks } from "../platform/taskQueue.ts";
import { planReports } from "./planReports.ts";

export const paths: Paths = {
  "/": {
    GET: route(operator, async ({ now }) => {
      const planned = await planReports({ db: await database(), enqueue: enqueueTasks, now });
      return { status: 200, body: { message: "Weekly reports are on their way", ...planned } };
    }),
  },
};
