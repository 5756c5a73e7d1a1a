import { watchFunctions } from "../stack/build.ts";
import { startScheduler } from "../stack/scheduler.ts";
import { type Stack, startStack } from "../stack/stack.ts";
import { announceStack } from "../stack/stackFile.ts";
import { messageOf, UserError } from "../userError.ts";

/** What a caller may choose. */
export interface StartOptions {
  readonly json: boolean;
  readonly port?: number;
}

/** `start`: runs the stack for development until Ctrl-C. */
export async function start(options: StartOptions): Promise<void> {
  // With --json the standard output is for the one line that other programs read.
  const report = options.json ? console.error : console.log;
  let reloadSchedules: (() => Promise<void>) | undefined;
  const stack = await startStack({
    hostingPort: options.port,
    progress: report,
    onLog: (line) => {
      if (!reloadSchedules) return;
      if (line.includes("Failed to load function definition")) report(line);
      if (!line.includes("Loaded functions definitions")) return;
      report("Functions loaded anew");
      reloadSchedules().catch((error: unknown) => report(`Schedules could not be read: ${messageOf(error)}`));
    },
  });
  reloadSchedules = startScheduler(stack, report);
  await reloadSchedules();
  watchFunctions(stack.stage, (line) => {
    if (line.includes("error TS")) report(line);
  });
  await announceStack(stack);
  show(stack, options.json);

  const end = await stack.ended;
  throw new UserError(
    `The emulators ended by themselves (${end.reason}): the whole story is in ${stack.logFile}`,
  );
}

function show(stack: Stack, json: boolean): void {
  const { baseUrl, functionsUrl, firestoreHost, databaseUrl, projectId, secrets, inboxUrl, slackUrl } = stack;
  const details = [
    `PARMA_SHARED_SECRET_KEY     ${secrets.shared}`,
    `PARMA_ANALYTICS_SECRET_KEY  ${secrets.analytics}`,
    `OPERATOR_TOKEN              ${secrets.operator}`,
    `Slack token's secret id     ${stack.slackSecretId}`,
    `Log                         ${stack.logFile}`,
  ];
  if (json) {
    for (const line of details) console.error(line);
    const urls = { baseUrl, functionsUrl, firestoreHost, databaseUrl, projectId, inboxUrl, slackUrl };
    console.log(JSON.stringify(urls));
    return;
  }
  const urls = [
    `Base URL                    ${baseUrl}`,
    `Functions                   ${functionsUrl}`,
    `Firestore                   ${firestoreHost}`,
    `Database                    ${databaseUrl}`,
    `Email inbox                 ${inboxUrl}`,
    `Slack                       ${slackUrl}`,
  ];
  console.log(
    ["", ...urls, ...details, "", "Running until Ctrl-C; functions are rebuilt on change."].join("\n"),
  );
}
