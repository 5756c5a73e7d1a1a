import { type Paths, route } from "../../platform/http.ts";
import { runJob } from "../../platform/jobRun.ts";
import { operators } from "../../platform/operator.ts";
import { database } from "../../platform/postgres.ts";
import { enqueueTasks } from "../../platform/taskQueue.ts";
import { planReports } from "./planReports.ts";

const RUN = { job: "weeklyReports", trigger: "HTTP", timeoutSeconds: 60 } as const;

export const paths: Paths = {
  "/": {
    GET: route({ callers: operators, summary: "sends everybody's weekly report" }, async ({ now }) => {
      const db = await database();
      const planned = await runJob(db, RUN, () => planReports({ db, enqueue: enqueueTasks, now }));
      return { status: 200, body: { message: "Weekly reports are on their way", ...planned } };
    }),
  },
};
