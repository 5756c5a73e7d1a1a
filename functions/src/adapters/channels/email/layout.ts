import { TONES, type Tone } from "../../../domain/message/severity.ts";
import { clipWords } from "../../../domain/words/text.ts";
import { Html, type HtmlValue, html } from "./html.ts";

const FONT = "-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif";
export const INK = "#101828";
export const SOFT = "#475467";
export const FAINT = "#667085";
const ACCENT = "#3b5bdb";

// What cannot be said inline: the phone and the dark. Clients that drop it show the light, wide version.
const STYLES = new Html(`<style>
:root{color-scheme:light dark;supported-color-schemes:light dark}
body{margin:0;padding:0;width:100%;-webkit-text-size-adjust:100%;-ms-text-size-adjust:100%}
a{text-decoration:none}
td{overflow-wrap:anywhere}
@media (max-width:620px){
.pad{padding-left:18px!important;padding-right:18px!important}
.outer{padding:0!important}
.card{border-radius:0!important}
.h1{font-size:22px!important;line-height:28px!important}
.spark{width:88px!important;height:24px!important}
.sparkcell{width:96px!important}
}
@media (prefers-color-scheme:dark){
.page{background:#0c111d!important}
.card{background:#161b26!important;border-color:#2b3242!important}
.box{background:#1f2635!important}
.ink{color:#f5f6f8!important}
.soft{color:#c4cad4!important}
.faint{color:#98a2b3!important}
.link{color:#9db2ff!important}
.rule{border-color:#2b3242!important}
${darkTones()}
}
</style>`);

function darkTones(): string {
  return Object.entries(TONES)
    .map(([tone, { dark }]) => `.${tone}{color:${dark}!important}`)
    .join("\n");
}

interface Frame {
  readonly title: string;
  /** What an inbox shows after the subject. */
  readonly preheader: string;
  /** The date at the top, on the right. */
  readonly date: string;
  readonly body: HtmlValue;
  readonly footer: HtmlValue;
}

/** The whole document of an email: one card of 600 pixels, the page's width on a phone. */
export function emailDocument({ title, preheader, date, body, footer }: Frame): string {
  return html`<!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width,initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="supported-color-schemes" content="light dark">
    <meta name="format-detection" content="telephone=no,date=no,address=no,email=no,url=no">
    <title>${title}</title>
    ${STYLES}
    </head>
    <body class="page" style="margin:0;padding:0;background:#f2f4f7">
    <div style="display:none;max-height:0;overflow:hidden;mso-hide:all">${preheader}${PREHEADER_END}</div>
    <table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="#f2f4f7"
      style="background:#f2f4f7">
    <tr><td align="center" class="outer" style="padding:28px 12px">
    ${OUTLOOK_OPEN}
    <table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="#ffffff"
      style="max-width:600px;background:#ffffff;border:1px solid #e4e7ec;border-radius:14px;table-layout:fixed;border-collapse:separate">
    ${masthead(date)}
    ${body}
    <tr><td class="pad faint rule" style="padding:20px 32px 26px;border-top:1px solid #e4e7ec;${text(12, 19, FAINT)}">
    ${footer}
    </td></tr>
    </table>
    ${OUTLOOK_CLOSE}
    </td></tr>
    </table>
    </body>
    </html>`.markup;
}

// Fills what an inbox would otherwise show of the message's text after the preheader.
const PREHEADER_END = new Html("&#847;&zwnj;&nbsp;".repeat(40));

// Outlook on Windows knows no max-width.
const OUTLOOK_OPEN = new Html(
  '<!--[if mso]><table role="presentation" width="600" align="center" cellpadding="0" cellspacing="0"><tr><td><![endif]-->',
);
const OUTLOOK_CLOSE = new Html("<!--[if mso]></td></tr></table><![endif]-->");

function masthead(date: string): Html {
  return html`<tr><td class="pad" style="padding:24px 32px 0">
    <table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>
    <td class="ink" style="${text(14, 20, INK)};font-weight:700;letter-spacing:-.1px"><span class="link"
      style="color:${ACCENT}">&#9646;</span>&nbsp;Parma Analytics</td>
    <td class="faint" align="right" style="${text(13, 20, FAINT)}">${date}</td>
    </tr></table>
    </td></tr>`;
}

/** The inline style of text: mail clients inherit little. A long word breaks rather than widening the page. */
export function text(size: number, lineHeight: number, color: string): string {
  return `font-family:${FONT};font-size:${size}px;line-height:${lineHeight}px;color:${color};word-break:break-word`;
}

/** A figure in the colour of what it means. It does not break, so it must not be long. */
export function figure(words: string, tone: Tone): Html {
  return html`<b class="${tone}" style="color:${TONES[tone].light};white-space:nowrap">${clipWords(words, 24)}</b>`;
}

/** A row of the card. */
export function row(content: HtmlValue, padding = "16px 32px 0"): Html {
  return html`<tr><td class="pad" style="padding:${padding}">${content}</td></tr>`;
}

/** The one thing to do next. */
export function button(label: string, href: string): Html {
  return html`<table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr>
    <td bgcolor="${ACCENT}" style="border-radius:8px;background:${ACCENT}"><a href="${href}"
      style="display:inline-block;padding:11px 20px;${text(14, 20, "#ffffff")};font-weight:600">${label}</a></td>
    </tr></table>`;
}

/** A link in running text. */
export function link(label: HtmlValue, href: string): Html {
  return html`<a class="link" href="${href}" style="color:${ACCENT}">${label}</a>`;
}

/** Links of the footer, with a dot between them. */
export function linkList(links: readonly Html[]): HtmlValue {
  return links.flatMap((one, i) => (i === 0 ? [one] : [html` &nbsp;&middot;&nbsp; `, one]));
}
