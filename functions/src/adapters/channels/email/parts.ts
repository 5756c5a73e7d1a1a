import type { Severity, ToldFinding } from "../../../domain/message/message.ts";
import { SEVERITY_LOOKS, TONES } from "../../../domain/message/severity.ts";
import { formatInstant } from "../../../domain/words/numbers.ts";
import { oneLine } from "../../../domain/words/text.ts";
import { type Html, html, lines } from "./html.ts";
import { FAINT, figure, INK, SOFT, text } from "./layout.ts";

/** "CRITICAL" on its colour. */
function severityPill(severity: Severity): Html {
  const { label, tone, background } = SEVERITY_LOOKS[severity];
  return html`<span style="display:inline-block;padding:2px 9px;border-radius:10px;background:${background};${text(11, 16, TONES[tone].light)};font-weight:700;letter-spacing:.4px">${label.toUpperCase()}</span>`;
}

/** A finding in full: severity, figure, words, chart, and why it was told. */
export function findingBlock(finding: ToldFinding, chartId: string | undefined): Html {
  const { title, message, triggerFactor, severity, why } = finding;
  return html`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>
    <td style="padding-bottom:8px">${severityPill(severity)}</td>
    <td align="right" style="padding-bottom:8px;${text(18, 22, INK)}">${triggerFactor !== null && figure(oneLine(triggerFactor), SEVERITY_LOOKS[severity].tone)}</td>
    </tr></table>
    <div class="ink" style="${text(17, 24, INK)};font-weight:700">${oneLine(title)}</div>
    <div class="soft" style="padding-top:4px;${text(15, 23, SOFT)}">${lines(message)}</div>
    ${chartId !== undefined && alertChart(finding, chartId)}
    <div class="box soft" style="margin-top:12px;padding:9px 12px;border-radius:8px;background:#f6f7f9;${text(13, 19, SOFT)}"><b
      class="ink" style="color:${INK}">Why you get this:</b> ${lines(why)}</div>
    <div class="faint" style="padding-top:8px;${text(12, 18, FAINT)}">${origin(finding)}</div>`;
}

/** "github · stars · 3 Mar 2025, 14:05 UTC". */
export function origin({ sourceName, measurementName, observedAt }: ToldFinding): string {
  return [oneLine(sourceName), oneLine(measurementName), formatInstant(observedAt)].join(" · ");
}

function alertChart({ measurementName, title }: ToldFinding, chartId: string): Html {
  return html`<img src="cid:${chartId}" width="536" alt="Chart of ${oneLine(measurementName)}: ${oneLine(title)}"
    style="display:block;width:100%;max-width:536px;height:auto;margin-top:12px;border:0;border-radius:8px;background:#ffffff">`;
}
