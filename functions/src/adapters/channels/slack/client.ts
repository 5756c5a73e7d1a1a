import type { WebClient } from "@slack/web-api";
import { slackConfig } from "../../../platform/config.ts";

// Slack answers in well below a second; an upload may take a few.
const TIMEOUT_MS = 15_000;

const silent = () => undefined;

/** A client of Slack's Web API that tries everything once: when to try again is the delivery's to say. */
export async function slackClient(token: string, timeout = TIMEOUT_MS): Promise<WebClient> {
  const { LogLevel, WebClient } = await import("@slack/web-api");
  return new WebClient(token, {
    slackApiUrl: slackConfig().SLACK_API_URL,
    timeout,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    // What goes wrong is told once, by the error.
    logger: {
      debug: silent,
      info: silent,
      warn: silent,
      error: silent,
      setName: silent,
      setLevel: silent,
      getLevel: () => LogLevel.ERROR,
    },
  });
}
