import { fundingWords } from "../../../domain/message/funding.ts";
import type {
  FundingRound,
  ReportCompany,
  ReportSeries,
  ToldFinding,
} from "../../../domain/message/message.ts";
import { changeTone, SEVERITY_LOOKS, TONES } from "../../../domain/message/severity.ts";
import { count, formatChange, formatValue } from "../../../domain/words/numbers.ts";
import { oneLine } from "../../../domain/words/text.ts";
import { CHART_SIZES } from "../chart/chart.ts";
import { seriesChartId } from "../chart/messageCharts.ts";
import type { HasChart } from "./email.ts";
import { type Html, html, lines } from "./html.ts";
import { FAINT, figure, INK, link, SOFT, text } from "./layout.ts";
import { origin } from "./parts.ts";

// A report is read in a minute: what is beyond stands on the company's page.
const MAX_NEWS = 5;
const MAX_SERIES = 4;

/** A company's part of a report, and the sparklines in it. */
export interface Section {
  readonly html: Html;
  readonly images: readonly string[];
}

/** A company in the report's email: its news, its key series, its funding rounds. */
export function companySection(one: ReportCompany, index: number, hasChart: HasChart): Section {
  const series = one.series.slice(0, MAX_SERIES);
  const hidden = one.news.length - MAX_NEWS;
  const section = html`<tr><td class="pad rule" style="padding:22px 32px;border-top:1px solid #e4e7ec">
    <div class="ink" style="${text(19, 26, INK)};font-weight:700;letter-spacing:-.2px">${oneLine(one.company.name)}</div>
    ${one.news.slice(0, MAX_NEWS).map(newsItem)}
    ${hidden > 0 && html`<div style="padding-top:10px;${text(13, 19, FAINT)}">${link(`${count(hidden, "more finding")}`, one.link)}</div>`}
    ${one.fundingRounds.map(fundingLine)}
    ${series.length > 0 && seriesTable(series, index, hasChart)}
    <div style="padding-top:12px;${text(13, 19, FAINT)}">${link(html`Open company &rarr;`, one.link)}</div>
    </td></tr>`;
  return { html: section, images: series.map((_, i) => seriesChartId(index, i)).filter(hasChart) };
}

function newsItem(finding: ToldFinding): Html {
  const { title, message, triggerFactor, severity } = finding;
  const { tone, label } = SEVERITY_LOOKS[severity];
  return html`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin-top:12px"><tr>
    <td width="14" valign="top" class="${tone}" title="${label}" style="${text(13, 22, TONES[tone].light)}">&#9679;</td>
    <td class="soft" style="padding-left:6px;${text(14, 21, SOFT)}"><b class="ink" style="color:${INK};font-size:15px">${oneLine(title)}</b>
    ${triggerFactor !== null && html` ${figure(oneLine(triggerFactor), tone)}`}
    <div>${lines(message)}</div>
    <div class="faint" style="font-size:12px;line-height:18px;color:${FAINT}">${origin(finding)}</div></td>
    </tr></table>`;
}

function fundingLine(round: FundingRound): Html {
  return html`<div class="box soft" style="margin-top:12px;padding:9px 12px;border-radius:8px;background:#f6f7f9;${text(14, 20, SOFT)}"><b
    class="ink" style="color:${INK}">Funding:</b> ${fundingWords(round)}</div>`;
}

function seriesTable(series: readonly ReportSeries[], company: number, hasChart: HasChart): Html {
  return html`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin-top:14px;table-layout:fixed">
    ${series.map((one, i) => seriesRow(one, seriesChartId(company, i), hasChart))}
    </table>`;
}

function seriesRow(series: ReportSeries, chart: string, hasChart: HasChart): Html {
  const { measurementName, sourceName, latest, unit, change } = series;
  const { width, height } = CHART_SIZES.sparkline;
  const name = oneLine(measurementName);
  return html`<tr>
    <td class="soft" style="padding:6px 8px 6px 0;${text(13, 18, SOFT)}">${name}<div class="faint" style="font-size:11px;line-height:15px;color:${FAINT}">${oneLine(sourceName)}</div></td>
    <td class="sparkcell" width="${width + 8}" align="right">${hasChart(chart) && html`<img class="spark" src="cid:${chart}" width="${width}" height="${height}" alt="${name}, lately" style="display:block;border:0;border-radius:4px">`}</td>
    <td class="ink" width="108" align="right" style="padding-left:8px;${text(14, 18, INK)};font-weight:600">${formatValue(latest, unit)}<div style="font-size:12px;line-height:16px">${change !== null && figure(formatChange(change), changeTone(change))}</div></td>
    </tr>`;
}
