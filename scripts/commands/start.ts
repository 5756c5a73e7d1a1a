import { startDevelopment } from "../stack/development.ts";
import type { Stack } from "../stack/stack.ts";
import { UserError } from "../userError.ts";

/** The command's options. */
export interface StartOptions {
  readonly json: boolean;
  readonly port?: number;
  /** The folder that keeps the data from one start to the next. */
  readonly data?: string;
}

/** `start`: runs the stack for development until Ctrl-C. */
export async function start(options: StartOptions): Promise<void> {
  // With --json, standard output carries only the one line that other programs read.
  const report = options.json ? console.error : console.log;
  const stack = await startDevelopment(
    {
      ports: options.port === undefined ? {} : { hosting: options.port },
      progress: report,
      ...(options.data === undefined ? {} : { dataDir: options.data }),
    },
    report,
  );
  show(stack, options.json);

  const end = await stack.ended;
  throw new UserError(`The emulators stopped unexpectedly (${end.reason}). Full log: ${stack.logFile}`);
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
