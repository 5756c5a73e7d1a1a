import type { Command } from "commander";
import { wholeNumber } from "../wholeNumber.ts";
import type { BackfillOptions } from "./backfills.ts";
import type { EraseOptions } from "./erase.ts";
import type { FailedOptions } from "./failed.ts";
import type { Printed } from "./operating.ts";
import type { RunsOptions } from "./runs.ts";

const JSON_OPTION = ["--json", "print the result as JSON", false] as const;

/** Adds the `ops` commands. They do what the HTTP function `ops` does, on the running stack or the one in the environment. */
export function addOps(program: Command): void {
  const ops = program.command("ops").description("operate the pipeline: see its state and correct it");
  addViews(ops);
  addRetry(ops);
  addSources(ops);
  addBackfills(ops);
  addErasing(ops);
}

function addViews(ops: Command): void {
  ops
    .command("status")
    .description("show sources, work by stage, what has waited longest, and failures")
    .option("--hours <number>", "how far back to count finished work", "24")
    .option(...JSON_OPTION)
    .action(async (options: Printed & { hours: string }) => {
      const { status } = await import("./status.ts");
      await status(options);
    });
  ops
    .command("runs")
    .description("list the latest runs of scheduled functions")
    .option("--job <name>", "only this function")
    .option("--state <state>", "running, succeeded or failed")
    .option("--limit <number>", "how many to list, newest first", wholeNumber, 20)
    .option(...JSON_OPTION)
    .action(async (options: RunsOptions) => {
      const { runs } = await import("./runs.ts");
      await runs(options);
    });
}

function filtered(command: Command): Command {
  return command
    .option("--source <name>", "only this data source")
    .option("--reason <text>", "only if the reason contains this text")
    .option("--since <time>", "only if it failed on or after this day or time (UTC)");
}

function addRetry(ops: Command): void {
  filtered(ops.command("failed").description("list failed raw documents with the reasons"))
    .option("--limit <number>", "how many to list, oldest first", wholeNumber, 50)
    .option(...JSON_OPTION)
    .action(async (options: FailedOptions & { limit: number }) => {
      const { failed } = await import("./failed.ts");
      await failed(options);
    });
  filtered(ops.command("retry").description("run failed raw documents again: by id, by filter, or all"))
    .argument("[ids...]", "their ids")
    .option("--all", "all failed documents", false)
    .option(...JSON_OPTION)
    .action(async (ids: string[], options: FailedOptions & { all: boolean }) => {
      const { retry } = await import("./failed.ts");
      await retry(ids, options);
    });
}

function addSources(ops: Command): void {
  ops
    .command("pause")
    .description("pause a source: no new work starts, but documents already fed are processed")
    .argument("<source>", "its name or id")
    .requiredOption("--reason <text>", "why; shown to whoever finds it paused")
    .option(...JSON_OPTION)
    .action(async (source: string, options: Printed & { reason: string }) => {
      const { pause } = await import("./sources.ts");
      await pause(source, options);
    });
  ops
    .command("resume")
    .description("resume a source, whoever paused it")
    .argument("<source>", "its name or id")
    .option(...JSON_OPTION)
    .action(async (source: string, options: Printed) => {
      const { resume } = await import("./sources.ts");
      await resume(source, options);
    });
  ops
    .command("cancel")
    .description("cancel a scheduled task that is waiting or running")
    .argument("<task>", "its id", wholeNumber)
    .option(...JSON_OPTION)
    .action(async (task: number, options: Printed) => {
      const { cancel } = await import("./sources.ts");
      await cancel(task, options);
    });
}

const MODES = `
Modes:
  process  Processes the raw documents observed in the range again with the newest map and replaces their values.
           It creates no news and sends no messages. Documents that had failed run like new ones.
  mine     Mines companies that have no raw document observed in the range, or whose call in it failed or was skipped
           (--all, --company: other companies). Modules know no ranges: they deliver what is true now.
           The built-in history module reads its file from the start; existing rows are not duplicated.`;

function addBackfills(ops: Command): void {
  ops
    .command("backfill")
    .description("process a source's stored raw documents again, or mine what is missing")
    .argument("<source>", "its name or id")
    .requiredOption("--mode <mode>", "process or mine")
    .requiredOption("--from <time>", "from this time, or from the start of this day (UTC)")
    .requiredOption("--to <time>", "up to this time, or to the end of this day (UTC)")
    .option("--company <company...>", "these companies only, by id or name", [])
    .option("--all", "mine: all companies of the source", false)
    .option(...JSON_OPTION)
    .addHelpText("after", MODES)
    .action(async (source: string, options: BackfillOptions) => {
      const { backfill } = await import("./backfills.ts");
      await backfill(source, options);
    });
  ops
    .command("backfills")
    .description("show the progress of backfills, or of one with its failures")
    .argument("[id]", "one of them", wholeNumber)
    .option("--limit <number>", "how many to list, newest first", wholeNumber, 20)
    .option(...JSON_OPTION)
    .action(async (id: number | undefined, options: Printed & { limit: number }) => {
      const { backfills } = await import("./backfills.ts");
      await backfills(id, options);
    });
  ops
    .command("cancel-backfill")
    .description("cancel a backfill; finished work is kept")
    .argument("<id>", "its id", wholeNumber)
    .option(...JSON_OPTION)
    .action(async (id: number, options: Printed) => {
      const { cancelBackfill } = await import("./backfills.ts");
      await cancelBackfill(id, options);
    });
}

function addErasing(ops: Command): void {
  const erasing = ops
    .command("erase")
    .description("erase a company or a user with all their data, and print the receipt");
  for (const kind of ["company", "user"] as const) {
    erasing
      .command(kind)
      .description(`erase a ${kind}; run again to continue, or to print the receipt`)
      .argument("<id>", `the ${kind}'s id`, wholeNumber)
      .option("--yes", "confirm: this cannot be undone", false)
      .option("--by <name>", "who requested it, for the receipt (default: this login)")
      .option("--later", "hand the work to the function erase", false)
      .option("--json", "print the receipt as JSON", false)
      .action(async (id: number, options: EraseOptions) => {
        const { erase } = await import("./erase.ts");
        await erase(kind, id, options);
      });
  }
}
