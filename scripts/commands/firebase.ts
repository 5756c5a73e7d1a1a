import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { startDevelopment } from "../stack/development.ts";
import { ALL_EMULATORS } from "../stack/emulators.ts";
import { runTool } from "../stack/foreground.ts";
import { type StackOptions, startStack } from "../stack/stack.ts";
import { configuredPorts, firebaseFile } from "../stack/stage.ts";
import { UserError } from "../userError.ts";

// What the Firebase tools print about scheduled functions.
const IGNORED = /function ignored because the pubsub emulator does not exist or is not running\./;

/**
 * `firebase`: runs the Firebase tools with everything they need. `emulators:start` and `emulators:exec` run on the ports of
 * firebase.json, with a database, a mail catcher and a Slack stand-in; scheduled functions fire while `start` runs.
 * Every other command is passed to the Firebase tools unchanged.
 */
export async function firebase(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      config: { type: "string" },
      only: { type: "string" },
      project: { type: "string", short: "P" },
      help: { type: "boolean", short: "h" },
    },
    strict: false,
  });
  const [command] = positionals;
  if (values.help || (command !== "emulators:start" && command !== "emulators:exec")) {
    process.exitCode = (await runTool("firebase", [...args], { show: true })).exitCode;
    return;
  }
  if (values.project !== undefined) {
    throw new UserError(
      "The emulators always run as the project demo-parma, which cannot reach a real one. Omit --project.",
    );
  }
  const configuration = typeof values.config === "string" ? resolve(values.config) : firebaseFile;
  const own = withoutOption(args, "--config");
  const options: StackOptions = {
    ports: await configuredPorts(configuration),
    firebase: { command: values.only === undefined ? [...own, ...ALL_EMULATORS] : own, configuration },
    progress: console.error,
    onLog: (line) => console.log(line.replace(IGNORED, "scheduled; fired by scripts/dev.")),
  };
  const stack =
    command === "emulators:start" ? await startDevelopment(options, console.log) : await startStack(options);
  if (command === "emulators:start") {
    console.log(
      [
        "",
        `Database     ${stack.databaseUrl}`,
        `Email inbox  ${stack.inboxUrl}`,
        `Slack        ${stack.slackUrl}`,
        "Scheduled functions fire on time, and functions are rebuilt on change. Ctrl-C stops everything.",
      ].join("\n"),
    );
  }
  const { reason } = await stack.ended;
  process.exitCode = Number(/^exit code (\d+)$/.exec(reason)?.[1] ?? 1);
}

function withoutOption(args: readonly string[], name: string): string[] {
  return args.filter((arg, index) => arg !== name && !arg.startsWith(`${name}=`) && args[index - 1] !== name);
}
