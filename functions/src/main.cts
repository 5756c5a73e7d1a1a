/**
 * What Cloud Functions loads: the deployed functions, each of which loads its file when it is asked for. A process
 * serves one function, and would take twice as long to start if it loaded all. This has to be a CommonJS module: what
 * an ES module exports is there before anyone asks.
 */
const FUNCTIONS = {
  // 1 schedule: plans, reclaims and starts scheduled tasks
  "stages/schedule/functions": ["schedule"],
  "stages/schedule/jobs": ["scheduleTick"],

  // 2 mine: fans a task out over its companies, and calls the modules
  "stages/mine/functions": ["mineCompany", "mineCompanyAlone", "mineSource"],

  // 3 ingest: takes in what modules and the web application say
  "stages/ingest/functions": [
    "askModule",
    "crawlingFinished",
    "crmCompanies",
    "feedRawData",
    "handshake",
    "newCompany",
    "sourceMeasurement",
  ],

  // 4 normalize: turns raw documents into values
  "stages/normalize/events": ["normalizeRawData"],
  "stages/normalize/functions": ["normalizeAgain"],

  // 5 analyze: finds what is news in new values
  "stages/analyze/events": ["analyzeBatch"],
  "stages/analyze/functions": ["analyzeAgain", "notificationRules"],
  "stages/analyze/language/functions": ["improveNews", "scoreComments"],

  // 6 notify: sends alerts, and lets people silence them
  "stages/notify/functions": ["deliver", "sendTestMessage", "unsubscribe"],

  // 7 report: everybody's week
  "stages/report/functions": ["sendReport", "weeklyReportsNow"],
  "stages/report/jobs": ["weeklyReports"],

  // 8 operate: shows how everything does, and sets going again what stands still
  "stages/operate/functions": ["erase", "health", "ops", "processAgain"],
  "stages/operate/jobs": ["checkData"],
  // what the stages bring to it
  upkeep: ["retain", "sweep"],
};

// The emulators take the Node that they find, and would answer every call with 500.
if (!("withResolvers" in Promise))
  throw new Error(`Node ${process.version} is too old: run scripts/dev setup first.`);

// Compiled or, in the tests, as it is.
const ending = __filename.endsWith(".cts") ? ".ts" : ".js";

for (const [file, names] of Object.entries(FUNCTIONS)) {
  for (const name of names) {
    Object.defineProperty(exports, name, {
      enumerable: true,
      get: () => require(`./${file}${ending}`)[name],
    });
  }
}

// The emulator asks for it at the first request only, when it has parsed the body, which HTTP functions do themselves.
const target = process.env["FUNCTION_TARGET"];
if (target !== undefined) Reflect.get(exports, target);
