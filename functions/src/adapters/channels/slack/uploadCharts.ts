import { createHash } from "node:crypto";
import type { WebClient } from "@slack/web-api";
import pMap from "p-map";
import { z } from "zod";
import type { Uploads } from "../../../domain/message/channel.ts";
import { slackErrorCode } from "./slackError.ts";

// The client leaves this answer untyped.
const uploaded = z.object({ files: z.array(z.object({ files: z.array(z.object({ id: z.string() })) })) });

/** The charts that Slack has, by chart id, and what kept it from having all of them. */
export interface UploadedCharts {
  readonly files: ReadonlyMap<string, string>;
  readonly notes: readonly string[];
}

/**
 * Uploads charts, for image blocks to show them. Nobody sees them until a message does. A chart that an earlier
 * attempt uploaded is shown again. A chart that cannot be uploaded is left out, and never stops the message.
 */
export async function uploadCharts(
  client: WebClient,
  charts: ReadonlyMap<string, Uint8Array>,
  uploads?: Uploads,
): Promise<UploadedCharts> {
  const files = new Map<string, string>();
  const notes = new Set<string>();
  await pMap(
    charts,
    async ([id, png]) => {
      try {
        const sha256 = createHash("sha256").update(png).digest("hex");
        const known = uploads?.known[sha256];
        const fileId = known ?? (await uploadChart(client, id, png));
        files.set(id, fileId);
        if (known === undefined) await uploads?.remember(sha256, fileId);
      } catch (error) {
        notes.add(noteOf(error));
      }
    },
    { concurrency: 3 },
  );
  return { files, notes: [...notes] };
}

async function uploadChart(client: WebClient, id: string, png: Uint8Array): Promise<string> {
  const answer = await client.files.uploadV2({
    file: Buffer.from(png),
    filename: `${id}.png`,
    title: "Chart",
    alt_text: "Chart",
  });
  const [file] = uploaded.parse(answer).files.flatMap(({ files }) => files);
  if (file === undefined) throw new Error("Slack gave the file no id");
  return file.id;
}

function noteOf(error: unknown): string {
  if (slackErrorCode(error) === "missing_scope") {
    return "The message goes without charts: the Slack app lacks the scope files:write.";
  }
  return `A chart could not be uploaded to Slack: ${error instanceof Error ? error.message : String(error)}`;
}
