/** The deployed functions, by stage. */

// 1 schedule: plans, reclaims and starts scheduled tasks
export { schedule, scheduleTick } from "./schedule/functions.ts";

// 2 mine: fans a task out over its companies, and calls the modules
export { mineCompany, mineSource } from "./mine/functions.ts";

// 3 ingest: takes in what modules and the web application say
export {
  crawlingFinished,
  crmCompanies,
  feedRawData,
  handshake,
  newCompany,
  sourceMeasurement,
} from "./ingest/functions.ts";

// 4 normalize: turns raw documents into values
export { normalizeAgain, normalizeRawData } from "./normalize/functions.ts";

// 5 analyze: finds what is news in new values
export { analyzeAgain, analyzeBatch, notificationRules } from "./analyze/functions.ts";
export { improveNews, scoreComments } from "./language/functions.ts";

// 6 notify: sends alerts, and lets people silence them
export { deliver, sendTestMessage, unsubscribe } from "./notify/functions.ts";

// 7 report: everybody's week
export { sendReport, weeklyReports, weeklyReportsNow } from "./report/functions.ts";

// 8 operate: shows how everything does, and sets going again what stands still
export {
  checkData,
  erase,
  health,
  ops,
  processAgain,
  retain,
  sendOperatorNotice,
  sweep,
} from "./operate/functions.ts";
