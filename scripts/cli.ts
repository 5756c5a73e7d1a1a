import { Command, InvalidArgumentError, Option } from "commander";
import type { StartOptions } from "./commands/start.ts";
import type { TestOptions } from "./commands/test.ts";
import { isStopping, stopEverything, stopOnSignals } from "./stack/shutdown.ts";
import { UserError } from "./userError.ts";

// Each command is loaded when it is called, so that --help answers at once.
const program = new Command("scripts/dev")
  .description("Parma Analytics on this machine: run it, test it, look into it.")
  .showHelpAfterError("(--help lists the commands and their options)");

program
  .command("demo")
  .description("run the main job on real data and show the result")
  .option("--json", "print the summary as one JSON object", false)
  .option("--live", "ask the real GitHub API instead of recorded answers", false)
  .action(async (options: { json: boolean; live: boolean }) => {
    const { demo } = await import("./commands/demo.ts");
    await demo(options);
  });

program
  .command("start")
  .description("run the stack for development until Ctrl-C")
  .option("--json", "print one line of JSON once everything answers, and nothing else", false)
  .option("--port <number>", "port of the base URL; a free one by default", portNumber)
  .action(async (options: StartOptions) => {
    const { start } = await import("./commands/start.ts");
    await start(options);
  });

program
  .command("test")
  .description("run all checks and tests")
  .addOption(new Option("--only <part>", "run one part").choices(["check", "unit", "e2e"]))
  .argument("[jest arguments...]", "after --: go on to jest, for example a part of a path")
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
  .description("apply sql/ to the database that DATABASE_URL names")
  .option("--json", "print the applied migrations as JSON", false)
  .action(async (options: { json: boolean }) => {
    const { migrate } = await import("./commands/migrate.ts");
    await migrate(options);
  });

program
  .command("failed")
  .description("list raw documents that could not be normalized, with the reasons")
  .option("--source <name>", "of one data source")
  .option("--json", "print them as JSON", false)
  .action(async (options: { json: boolean; source?: string }) => {
    const { failed } = await import("./commands/failed.ts");
    await failed(options);
  });

program
  .command("renormalize")
  .description("normalize raw documents again: the named ones, or all that failed")
  .argument("[documents...]", "ids, or paths in Firestore")
  .option("--failed", "all that failed", false)
  .option("--source <name>", "with --failed: of one data source")
  .option("--json", "print the outcome as JSON", false)
  .action(async (documents: string[], options: { failed: boolean; json: boolean; source?: string }) => {
    const { renormalize } = await import("./commands/renormalize.ts");
    await renormalize(documents, options);
  });

function portNumber(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new InvalidArgumentError("A port is a number from 1 to 65535.");
}

stopOnSignals();
try {
  await program.parseAsync();
} catch (error) {
  // After a signal, what fails does so because it was stopped; the signal's handler ends the process.
  if (!isStopping()) {
    process.exitCode = 1;
    console.error(error instanceof UserError ? `\n${error.message}` : error);
  }
} finally {
  await stopEverything();
}
