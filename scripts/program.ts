import { Command, InvalidArgumentError, Option } from "commander";
import type { BenchOptions } from "./commands/bench.ts";
import type { DeliveriesOptions } from "./commands/deliveries.ts";
import type { DetectOptions } from "./commands/detect.ts";
import type { MigrateOptions } from "./commands/migrate.ts";
import type { ModuleTryOptions } from "./commands/moduleTry.ts";
import { addOps } from "./commands/ops/ops.ts";
import type { SoakCommandOptions } from "./commands/soak.ts";
import type { StartOptions } from "./commands/start.ts";
import type { StatesOptions } from "./commands/states.ts";
import type { TestOptions } from "./commands/test.ts";
import { wholeNumber } from "./commands/wholeNumber.ts";

/** The command line. Each command is loaded when it is called, so that --help answers at once. */
export const program = new Command("scripts/dev")
  .description("Run, test and inspect Parma Analytics on this machine.")
  .showHelpAfterError("(--help lists the commands and their options)");

program
  .command("demo")
  .description("run the pipeline on real data and show the result")
  .option("--json", "print the summary as one JSON object", false)
  .option("--live", "ask the real GitHub API instead of recorded answers", false)
  .action(async (options: { json: boolean; live: boolean }) => {
    const { demo } = await import("./commands/demo.ts");
    await demo(options);
  });

program
  .command("start")
  .description("run the stack for development until Ctrl-C")
  .option("--json", "print only one line of JSON, once everything answers", false)
  .option("--port <number>", "port of the base URL (default: a free one)", portNumber)
  .option(
    "--data <folder>",
    "keep rows, documents and blobs in this folder (default: remove them at the end)",
  )
  .action(async (options: StartOptions) => {
    const { start } = await import("./commands/start.ts");
    await start(options);
  });

program
  .command("setup")
  .description("install or find everything the other commands need, and print what was found")
  .option("--json", "print what was found as one JSON object", false)
  .action(async (options: { json: boolean }) => {
    const { setup } = await import("./commands/setup.ts");
    await setup(options);
  });

program
  .command("firebase")
  .description("run the Firebase tools with everything they need; emulators:start uses the usual ports")
  .argument("[arguments...]", "passed to the Firebase tools")
  .helpOption(false)
  .allowUnknownOption()
  .action(async (args: string[]) => {
    const { firebase } = await import("./commands/firebase.ts");
    await firebase(args);
  });

program
  .command("test")
  .description("run all checks and tests")
  .addOption(new Option("--only <part>", "run one part").choices(["check", "unit", "e2e"]))
  .argument("[jest arguments...]", "after --: passed to jest, for example part of a path")
  .action(async (jestArgs: string[], options: TestOptions) => {
    const { test } = await import("./commands/test.ts");
    await test(jestArgs, options);
  });

program
  .command("check")
  .description("check formatting, lint, types and unused code")
  .action(async () => {
    const { check } = await import("./commands/check.ts");
    await check();
  });

program
  .command("migrate")
  .description("apply sql/ to the database at DATABASE_URL")
  .option(
    "--after-deploy",
    "remove what only the previous release needed; run it once that release has stopped",
    false,
  )
  .option(
    "--wait <seconds>",
    "with --after-deploy: if there is anything to remove, first wait for the previous release's calls",
    wholeNumber,
    0,
  )
  .option("--describe", "write sql/schema.sql from a temporary database; no other is touched", false)
  .option("--json", "print what was done as JSON", false)
  .addHelpText(
    "after",
    `
Migrations only add, so run this before a deployment, and again with --after-deploy afterwards. It also creates two
roles and grants them what they need. Once, as an administrator, add the functions' login role (in Cloud SQL, the
service account's IAM user) and any read-only user as members:

  grant parma_functions to "parma-functions@PROJECT.iam";
  grant parma_readonly to "someone@example.com";`,
  )
  .action(async (options: MigrateOptions) => {
    const { migrate } = await import("./commands/migrate.ts");
    await migrate(options);
  });

program
  .command("docs")
  .description("write the tables in docs/ that are generated from the code")
  .action(async () => {
    const { docs } = await import("./commands/docs.ts");
    await docs();
  });

program
  .command("limits")
  .description(
    "add up the PostgreSQL connections that the functions may open; fails if they exceed the server's limit",
  )
  .option("--json", "print them as JSON", false)
  .action(async (options: { json: boolean }) => {
    const { limits } = await import("./commands/limits.ts");
    limits(options);
  });

program
  .command("check-data")
  .description("check the data; fails if a check that pauses sources fails")
  .option("--json", "print the results as JSON", false)
  .action(async (options: { json: boolean }) => {
    const { checkData } = await import("./commands/checkData.ts");
    await checkData(options);
  });

program
  .command("seed-rules")
  .description("create the notification rules that come with the project, unless they exist")
  .option("--json", "print the counts as JSON", false)
  .action(async (options: { json: boolean }) => {
    const { seedRules } = await import("./commands/seedRules.ts");
    await seedRules(options);
  });

program
  .command("preview-deliveries")
  .description("show who would be sent what about a company")
  .argument("<company>", "the company's id or name")
  .option("--json", "print it as JSON", false)
  .action(async (company: string, options: { json: boolean }) => {
    const { previewDeliveriesOf } = await import("./commands/previewDeliveries.ts");
    await previewDeliveriesOf(company, options);
  });

program
  .command("deliveries")
  .description("list what was sent where, and the result")
  .option("--company <company>", "only about one company, by id or name")
  .option("--user <id>", "only to one user", wholeNumber)
  .option("--limit <number>", "how many to list, newest first", wholeNumber, 50)
  .option("--json", "print them as JSON", false)
  .action(async (options: DeliveriesOptions) => {
    const { deliveries } = await import("./commands/deliveries.ts");
    await deliveries(options);
  });

program
  .command("test-message")
  .description("send a test message to a channel and show the provider's answer")
  .argument("<channel>", "the channel's id", wholeNumber)
  .option("--json", "print the result as JSON", false)
  .action(async (channel: number, options: { json: boolean }) => {
    const { testMessage } = await import("./commands/testMessage.ts");
    await testMessage(channel, options);
  });

program
  .command("report")
  .description("send a user's report for this week, unless it was already sent")
  .argument("<user>", "the user's id", wholeNumber)
  .option("--json", "print its location as JSON", false)
  .action(async (user: number, options: { json: boolean }) => {
    const { report } = await import("./commands/report.ts");
    await report(user, options);
  });

program
  .command("detect")
  .description("run the anomaly detector over one CSV file or a folder of them (columns timestamp,value)")
  .argument("[file]", "a CSV file")
  .option("--json", "print every point's score and the alerts as JSON", false)
  .option("--dir <folder>", "every CSV below this folder")
  .option("--out <folder>", "with --dir: where to write the scores, under the same relative paths")
  .action(async (file: string | undefined, options: DetectOptions) => {
    const { detect } = await import("./commands/detect.ts");
    await detect(file, options);
  });

program
  .command("replay")
  .description("show what would come of the raw answers in a file: values, issues, news and messages")
  .argument("<file>", "a JSON file with a map and documents")
  .option("--json", "print documents, series, news and messages as one JSON object", false)
  .addHelpText(
    "after",
    `
The file holds one object:

  {
    "map": a handshake's map, or its list of mappings,
    "frequency": "daily",
    "company": { "name": "Acme", "domains": ["acme.example"] },
    "rules": [{ "measurement": "followers", "threshold": 10 }],
    "documents": [{ "observedAt": "2026-03-02T06:00:00Z", "data": { "followers": 1200 } }]
  }

Only map and documents are needed. A document's receivedAt is its observedAt unless it says otherwise. Normalizing,
analyzing and composing run as in production, on a temporary database; nothing is sent.`,
  )
  .action(async (file: string, options: { json: boolean }) => {
    const { replayFile } = await import("./commands/replay.ts");
    await replayFile(file, options);
  });

program
  .command("states")
  .description("draw the states of all work and the transitions between them")
  .option("--mermaid", "as Mermaid diagrams", false)
  .option("--json", "print the models as JSON", false)
  .action(async (options: StatesOptions) => {
    const { states } = await import("./commands/states.ts");
    states(options);
  });

program
  .command("soak")
  .description("run the pipeline with injected faults and compare the result with an undisturbed run")
  .option("--documents <number>", "approximate number of raw documents", wholeNumber, 200)
  .option("--minutes <number>", "time limit", wholeNumber, 15)
  .option("--seed <number>", "seed of the input and the faults (default: random)", wholeNumber)
  .option("--drop-first", "lose the first delivery of every event and task, not just of some", false)
  .option("--json", "print the figures and differences as JSON", false)
  .action(async (options: SoakCommandOptions) => {
    const { soak } = await import("./commands/soak.ts");
    await soak(options);
  });

program
  .command("bench")
  .description("measure the pipeline's speed against its theoretical best")
  .option("--only <suites...>", "normalize, analyze, schedule, ingest, coldStart, endToEnd or cost")
  .option("--quick", "small sizes, as a smoke test", false)
  .option("--compare <file>", "print the changes since a saved result")
  .option("--json", "print the result as JSON", false)
  .action(async (options: BenchOptions) => {
    const { bench } = await import("./commands/bench.ts");
    await bench(options);
  });

program
  .command("module")
  .description("develop a mining module")
  .command("try")
  .description(
    "show what a module would file, normalize and measure for a company; fails if it files nothing",
  )
  .argument("<module>", "a built-in module's name, or the http(s) endpoint of an external one")
  .requiredOption("--company <name>", "the company's name")
  .option("--domain <domain>", "the company's web domain, for modules that use it")
  .option(
    "--identifier <property=value>",
    "mine this instead of what the module discovers; repeatable",
    (pair: string, pairs: string[]) => [...pairs, pair],
    [],
  )
  .option("--params <json>", "the data source's additional_params")
  .option(
    "--port <number>",
    "port that an external module calls back to (its ANALYTICS_BASE_URL)",
    portNumber,
    5051,
  )
  .option("--json", "print identifiers, documents, values and issues as JSON", false)
  .addHelpText(
    "after",
    `
Start an external module yourself, with ANALYTICS_BASE_URL=http://127.0.0.1:5051 and the same PARMA_SHARED_SECRET_KEY
as this command. No database or emulator is needed.`,
  )
  .action(async (module: string, options: ModuleTryOptions) => {
    const { moduleTry } = await import("./commands/moduleTry.ts");
    await moduleTry(module, options);
  });

addOps(program);

function portNumber(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new InvalidArgumentError("Expected a port from 1 to 65535.");
}
