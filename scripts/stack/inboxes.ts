import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type CaughtMail, startMailCatcher } from "../../functions/test/standins/mail.ts";
import {
  STAND_IN_TOKEN,
  type StandInMessage,
  startSlackStandIn,
} from "../../functions/test/standins/slack.ts";
import { whenStopping } from "./shutdown.ts";

/** Where a stack's messages arrive. */
export interface Inboxes {
  readonly smtpUrl: string;
  /** The mail catcher's inbox, for a browser. */
  readonly inboxUrl: string;
  /** A page of what was posted to Slack; `messages` below it has the same as JSON. */
  readonly slackUrl: string;
  /** The secret id of the Slack workspace's token, for notification_channel.secret_id. */
  readonly slackSecretId: string;
  /** The emails that have arrived. */
  mails(): Promise<readonly CaughtMail[]>;
  /** The messages that have arrived in Slack, in all channels. */
  slackMessages(): readonly StandInMessage[];
}

/** Starts the mail catcher and the Slack stand-in; returns them with the settings that lead functions there. */
export async function startInboxes(
  stage: string,
): Promise<{ inboxes: Inboxes; env: Record<string, string> }> {
  const mail = await startMailCatcher(stage);
  whenStopping(mail.stop);
  const slack = await startSlackStandIn();
  whenStopping(slack.stop);
  const slackSecretId = "parma-analytics-notification-channel-key-stand-in";
  const secretsFile = join(stage, "channel-secrets.json");
  await writeFile(secretsFile, JSON.stringify({ [slackSecretId]: STAND_IN_TOKEN }));
  return {
    inboxes: {
      smtpUrl: mail.smtpUrl,
      inboxUrl: mail.inboxUrl,
      slackUrl: slack.pageUrl,
      slackSecretId,
      mails: mail.messages,
      slackMessages: slack.messages,
    },
    env: {
      SMTP_URL: mail.smtpUrl,
      MAIL_FROM: "Parma Analytics <parma@analytics.example>",
      SLACK_API_URL: slack.apiUrl,
      LOCAL_SECRETS_FILE: secretsFile,
      WEB_APP_URL: process.env["WEB_APP_URL"] || "http://127.0.0.1:3000",
      PARMA_LINK_SECRET: randomBytes(32).toString("hex"),
      // Long enough for findings of one run to share a message.
      NOTIFY_WINDOW_SECONDS: "3",
      HISTORY_QUIET_SECONDS: "12",
    },
  };
}
