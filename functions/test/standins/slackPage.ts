import type { StandInMessage } from "./slack.ts";
import { type Block, parseBlock } from "./slackBlockLimits.ts";

const EMOJI: Readonly<Record<string, string>> = {
  ":red_circle:": "🔴",
  ":large_orange_circle:": "🟠",
  ":large_yellow_circle:": "🟡",
  ":white_circle:": "⚪",
  ":moneybag:": "💰",
};

const STYLE = `
body{margin:0;background:#f8f8f8;font:15px/22px Lato,Helvetica,Arial,sans-serif;color:#1d1c1d}
main{max-width:700px;margin:0 auto;padding:24px 16px}
article{background:#fff;border:1px solid #ddd;border-radius:8px;padding:16px 20px;margin:0 0 16px;overflow-wrap:anywhere}
h1{font-size:20px}h2{font-size:18px;line-height:24px;margin:4px 0 8px}
p{margin:6px 0}small{display:block;color:#616061;font-size:12px;line-height:18px;margin:6px 0}
img{display:block;max-width:100%;border-radius:6px;margin:8px 0}hr{border:0;border-top:1px solid #e5e5e5;margin:12px 0}
a{color:#1264a3;text-decoration:none}`;

/** The messages as a page to read, the newest first. */
export function messagesPage(
  messages: readonly StandInMessage[],
  channelNames: ReadonlyMap<string, string>,
  images: ReadonlyMap<string, Buffer>,
): string {
  const articles = messages.toReversed().map(({ channel, postedAt, text, blocks }) => {
    const shown = blocks.map((one) => blockHtml(parseBlock(one), images)).join("\n");
    return `<article><small>#${escapeHtml(channelNames.get(channel) ?? channel)} · ${postedAt}</small>
${shown === "" ? `<p>${escapeHtml(text)}</p>` : shown}</article>`;
  });
  const body = articles.length === 0 ? "<p>No message yet.</p>" : articles.join("\n");
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Slack stand-in</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><style>${STYLE}</style></head>
<body><main><h1>Messages to Slack</h1>${body}</main></body></html>`;
}

function blockHtml(block: Block, images: ReadonlyMap<string, Buffer>): string {
  switch (block.type) {
    case "header":
      return `<h2>${escapeHtml(block.text.text)}</h2>`;
    case "section":
      return `<p>${mrkdwnHtml(block.text.text)}</p>`;
    case "context":
      return block.elements.map(({ text }) => `<small>${mrkdwnHtml(text)}</small>`).join("");
    case "divider":
      return "<hr>";
    case "image": {
      const png = images.get(block.slack_file.id)?.toString("base64") ?? "";
      return `<img src="data:image/png;base64,${png}" alt="${escapeHtml(block.alt_text)}" width="460">`;
    }
  }
}

// mrkdwn has escaped its text already: the only angle brackets left are those of links.
function mrkdwnHtml(mrkdwn: string): string {
  return mrkdwn
    .replaceAll('"', "&quot;")
    .replaceAll(
      /<([^|<>]+)\|([^<>]*)>/g,
      (_, href: string, label: string) => `<a href="${href}">${label}</a>`,
    )
    .replaceAll(/\*([^*\n]+)\*/g, "<b>$1</b>")
    .replaceAll(/(?<=^|\s)_([^_\n]+)_(?=\s|$)/g, "<i>$1</i>")
    .replaceAll(/:[a-z_]+:/g, (name) => EMOJI[name] ?? name)
    .replaceAll("\n", "<br>");
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
