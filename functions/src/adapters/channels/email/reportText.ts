import { fundingWords } from "../../../domain/message/funding.ts";
import type { ReportCompany, ReportSeries, ToldFinding } from "../../../domain/message/message.ts";
import { SEVERITY_LOOKS } from "../../../domain/message/severity.ts";
import { formatChange, formatValue } from "../../../domain/words/numbers.ts";
import { oneLine } from "../../../domain/words/text.ts";
import { origin } from "./parts.ts";
import { bullet, paragraph } from "./plainText.ts";

/** A company in the report's text. */
export function companyText({ company, link, news, series, fundingRounds }: ReportCompany): string {
  const name = oneLine(company.name);
  const parts = [
    `${paragraph(name)}\n${"-".repeat(Math.min(72, name.length))}`,
    ...news.map(newsText),
    ...fundingRounds.map((round) => bullet(`Funding: ${fundingWords(round)}`)),
    ...series.map((one) => paragraph(seriesText(one), "  ")),
    `  ${link}`,
  ];
  return parts.join("\n");
}

function newsText(finding: ToldFinding): string {
  const { title, message, triggerFactor, severity } = finding;
  const factor = triggerFactor === null ? "" : ` (${oneLine(triggerFactor)})`;
  return [
    bullet(`[${SEVERITY_LOOKS[severity].label}] ${oneLine(title)}${factor}`),
    paragraph(message, "  "),
    paragraph(origin(finding), "  "),
  ].join("\n");
}

function seriesText({ measurementName, sourceName, latest, unit, change }: ReportSeries): string {
  const moved = change === null ? "" : ` (${formatChange(change)})`;
  return `${oneLine(measurementName)} (${oneLine(sourceName)}): ${formatValue(latest, unit)}${moved}`;
}
