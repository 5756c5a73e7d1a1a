import { Html, type HtmlValue, html } from "../../adapters/channels/email/html.ts";
import { oneLine } from "../../domain/words/text.ts";
import type { LinkTarget } from "./unsubscribe.ts";

/** Asks before anything changes. */
export function askPage({ act, name }: LinkTarget, action: string): string {
  const shown = oneLine(name);
  return act === "mute"
    ? document(`Mute ${shown}?`, [
        html`<p>You will no longer get alerts about <b>${shown}</b>. It stays in your weekly report.</p>`,
        form(action, "Mute this company"),
      ])
    : document("Unsubscribe?", [
        html`<p><b>${shown}</b> will no longer get alerts or weekly reports.</p>`,
        form(action, "Unsubscribe"),
      ]);
}

/** Confirms it and offers to undo it. */
export function donePage({ act, name }: LinkTarget, undoAction: string, settings: string): string {
  const shown = oneLine(name);
  const words =
    act === "mute"
      ? html`<p>You will no longer get alerts about <b>${shown}</b>.</p>`
      : html`<p><b>${shown}</b> will no longer get alerts or weekly reports.</p>`;
  const title = act === "mute" ? `${shown} is muted` : "You are unsubscribed";
  return document(title, [words, form(undoAction, "Undo", "plain"), settingsLine(settings)]);
}

/** Confirms that it was undone. */
export function undonePage({ act, name }: LinkTarget, settings: string): string {
  const shown = oneLine(name);
  const words =
    act === "mute"
      ? html`<p>You will get alerts about <b>${shown}</b> again.</p>`
      : html`<p><b>${shown}</b> will get alerts and weekly reports again.</p>`;
  return document("Undone", [words, settingsLine(settings)]);
}

/** For a link that we did not sign, or whose company or channel is gone. */
export function invalidPage(settings: string): string {
  return document("This link does not work", [
    html`<p>It is incomplete, or its company or channel no longer exists. Nothing was changed.</p>`,
    settingsLine(settings),
  ]);
}

function form(action: string, label: string, look = "main"): Html {
  return html`<form method="post" action="${action}"><button class="${look}">${label}</button></form>`;
}

function settingsLine(settings: string): Html {
  return html`<p class="soft"><a href="${settings}">Notification settings</a></p>`;
}

function document(title: string, content: HtmlValue): string {
  return html`<!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width,initial-scale=1">
    <meta name="robots" content="noindex">
    <meta name="color-scheme" content="light dark">
    <title>${title} · Parma Analytics</title>
    ${STYLES}
    </head>
    <body>
    <main>
    <div class="brand"><span>&#9646;</span> Parma Analytics</div>
    <h1>${title}</h1>
    ${content}
    </main>
    </body>
    </html>`.markup;
}

const STYLES = new Html(`<style>
:root{color-scheme:light dark}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;padding:16px;background:#f2f4f7;
color:#101828;font:16px/24px -apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif}
main{width:100%;max-width:440px;padding:28px;background:#fff;border:1px solid #e4e7ec;border-radius:14px;
overflow-wrap:anywhere}
.brand{font-size:14px;font-weight:700}
.brand span,a{color:#3b5bdb}
h1{margin:18px 0 8px;font-size:24px;line-height:30px;letter-spacing:-.3px}
p{margin:0 0 18px;color:#475467}
b{color:#101828}
.soft{margin:18px 0 0;font-size:14px}
button{width:100%;min-height:48px;padding:12px 20px;border-radius:10px;border:1px solid #3b5bdb;font:inherit;
font-weight:600;cursor:pointer}
.main{background:#3b5bdb;color:#fff}
.plain{background:transparent;color:#3b5bdb}
button:focus-visible{outline:3px solid #9db2ff;outline-offset:2px}
@media (prefers-color-scheme:dark){
body{background:#0c111d;color:#f5f6f8}
main{background:#161b26;border-color:#2b3242}
p{color:#c4cad4}
b{color:#f5f6f8}
.brand span,a,.plain{color:#9db2ff}
.plain{border-color:#9db2ff}
}
</style>`);
