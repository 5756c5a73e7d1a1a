import type { KnownBlock } from "@slack/types";
import { fundingWords } from "../../../domain/message/funding.ts";
import type {
  ReportCompany,
  ReportMessage,
  ReportSeries,
  ToldFinding,
} from "../../../domain/message/message.ts";
import { SEVERITY_LOOKS } from "../../../domain/message/severity.ts";
import { count, formatChange, formatPeriod, formatValue } from "../../../domain/words/numbers.ts";
import { oneLine } from "../../../domain/words/text.ts";
import { context, divider, header, LIMITS, type SlackContent, section } from "./blocks.ts";
import { bold, boldFigure, clipMrkdwn, linesWithin, slackLink } from "./mrkdwn.ts";
import { textSparkline } from "./textSparkline.ts";

// Three blocks each, with the frame's six: 48 of 50.
const MAX_COMPANIES = 14;
const MAX_SERIES = 4;
const NAME_LENGTH = 100;
const TITLE_LENGTH = 150;
const MESSAGE_LENGTH = 250;
const SERIES_LENGTH = 250;
const NAMES_LENGTH = 600;
const FRAME_LENGTH = 2_000;

/** A report in Block Kit. Its series are drawn in characters: a chart each would make it endless. */
export function reportBlocks({
  companies,
  quietCompanies,
  period,
  links,
  user,
}: ReportMessage): SlackContent {
  const shown = companies.slice(0, MAX_COMPANIES);
  const room = Math.min(LIMITS.section, (LIMITS.message - FRAME_LENGTH) / Math.max(1, shown.length));
  const dates = formatPeriod(period);
  const withNews =
    companies.length === 0 ? "no news" : `news about ${count(companies.length, "company", "companies")}`;
  const more = companies.slice(MAX_COMPANIES).map(({ company }) => oneLine(company.name));
  const title = `Your week, ${oneLine(user.name)}`;
  return {
    text: clipMrkdwn(`${title}: ${withNews}, ${dates}`, LIMITS.header),
    blocks: [
      header(title),
      section(`${dates} · ${withNews}`),
      ...shown.flatMap((company) => companyBlocks(company, room)),
      divider(),
      ...named("Also with news", more),
      ...named("Nothing new about", quietCompanies.map(oneLine)),
      context(
        [slackLink(links.app, "Open Parma"), slackLink(links.settings, "Notification settings")].join(
          "  ·  ",
        ),
      ),
    ],
  };
}

function companyBlocks(
  { company, link, news, series, fundingRounds }: ReportCompany,
  room: number,
): KnownBlock[] {
  // A link too long to be one is left out rather than cut.
  const linked = `*${slackLink(link, oneLine(company.name).replaceAll("*", "∗"), NAME_LENGTH)}*`;
  const name = linked.length > room / 2 ? bold(company.name, NAME_LENGTH) : linked;
  const facts = [...news.map(newsLine), ...fundingRounds.map((round) => fundingLine(fundingWords(round)))];
  const figures = linesWithin(
    series.slice(0, MAX_SERIES).map(seriesLine),
    Math.min(LIMITS.context, room / 3),
  );
  const { text, left } = linesWithin(facts, room - name.length - figures.text.length - 40);
  const rest = left === 0 ? "" : `\n_and ${left} more_`;
  return [
    divider(),
    section(`${name}${text === "" ? "" : `\n${text}`}${rest}`),
    ...(figures.text === "" ? [] : [context(figures.text)]),
  ];
}

function newsLine({ title, message, triggerFactor, severity }: ToldFinding): string {
  const factor = triggerFactor === null ? "" : ` ${boldFigure(triggerFactor, 40)}`;
  const words = clipMrkdwn(oneLine(message), MESSAGE_LENGTH);
  return `${SEVERITY_LOOKS[severity].emoji} ${bold(title, TITLE_LENGTH)}${factor}  ${words}`;
}

function fundingLine(words: string): string {
  return `:moneybag: ${clipMrkdwn(words, MESSAGE_LENGTH)}`;
}

function seriesLine({ measurementName, sourceName, points, latest, unit, change }: ReportSeries): string {
  const moved = change === null ? "" : `  ${formatChange(change)}`;
  const name = clipMrkdwn(`${oneLine(measurementName)} (${oneLine(sourceName)})`, SERIES_LENGTH / 2);
  return `${textSparkline(points)}  ${name}: ${bold(formatValue(latest, unit), 60)}${moved}`;
}

function named(label: string, names: readonly string[]): KnownBlock[] {
  return names.length === 0 ? [] : [context(`${label} ${clipMrkdwn(names.join(", "), NAMES_LENGTH)}`)];
}
