import type { ReportMessage } from "../../../domain/message/message.ts";
import { count, formatDay, formatPeriod } from "../../../domain/words/numbers.ts";
import { clipWords, oneLine } from "../../../domain/words/text.ts";
import type { HasChart, RenderedEmail } from "./email.ts";
import { type Html, html } from "./html.ts";
import { button, emailDocument, INK, link, linkList, row, SOFT, text } from "./layout.ts";
import { paragraph, textDocument } from "./plainText.ts";
import { companySection, type Section } from "./reportCompany.ts";
import { companyText } from "./reportText.ts";

// Gmail shows the first 102 KB of a message, and hides the rest behind a link; the frame takes some.
const SECTIONS_LENGTH = 84_000;
const PREHEADER_LENGTH = 140;

/** The email of a report. Companies that it has no room for are named, with a link to all of them. */
export function reportEmail(message: ReportMessage, hasChart: HasChart): RenderedEmail {
  const sections = sectionsWithinLength(message, hasChart);
  const names = message.companies.slice(sections.length).map(({ company }) => oneLine(company.name));
  const words = reportWords(message, names);
  return {
    subject: words.subject,
    html: reportHtml(message, sections, words),
    text: reportText(message, words),
    images: sections.flatMap(({ images }) => images),
  };
}

function sectionsWithinLength({ companies }: ReportMessage, hasChart: HasChart): Section[] {
  const sections: Section[] = [];
  let length = 0;
  for (const [index, company] of companies.entries()) {
    const section = companySection(company, index, hasChart);
    length += Buffer.byteLength(section.html.markup);
    if (length > SECTIONS_LENGTH) break;
    sections.push(section);
  }
  return sections;
}

interface ReportWords {
  readonly subject: string;
  readonly title: string;
  readonly summary: string;
  /** Of the companies with news that did not fit. */
  readonly more: string | null;
  readonly quiet: string | null;
}

function reportWords(
  { user, period, companies, quietCompanies }: ReportMessage,
  more: readonly string[],
): ReportWords {
  const withNews =
    companies.length === 0 ? "no news" : `news about ${count(companies.length, "company", "companies")}`;
  const dates = formatPeriod(period);
  return {
    subject: `Your week: ${withNews}, ${dates}`,
    title: `Your week, ${clipWords(oneLine(user.name), 60)}`,
    summary: `${dates} · ${withNews}`,
    more: more.length === 0 ? null : `Also with news: ${more.join(", ")}.`,
    quiet:
      quietCompanies.length === 0 ? null : `Nothing new about ${quietCompanies.map(oneLine).join(", ")}.`,
  };
}

function reportHtml(message: ReportMessage, sections: readonly Section[], words: ReportWords): string {
  const { companies, links, sentAt } = message;
  const first = companies[0]?.news[0]?.title;
  return emailDocument({
    title: words.title,
    preheader: clipWords(oneLine(first ?? words.summary), PREHEADER_LENGTH),
    date: formatDay(sentAt),
    body: [
      row(
        html`<div class="ink h1" style="${text(26, 32, INK)};font-weight:700;letter-spacing:-.4px">${words.title}</div>
        <div class="soft" style="padding-top:2px;${text(15, 22, SOFT)}">${words.summary}</div>`,
        "20px 32px 22px",
      ),
      sections.map(({ html: section }) => section),
      words.more !== null && note(words.more),
      words.quiet !== null && note(words.quiet),
      row(button("Open Parma", links.app), "18px 32px 28px"),
    ],
    footer: html`This report comes once a week, about the companies that you follow.<br>
      ${linkList([
        link(html`Notification settings`, links.settings),
        ...(links.unsubscribe === undefined ? [] : [link(html`Unsubscribe`, links.unsubscribe)]),
      ])}`,
  });
}

function note(words: string): Html {
  return html`<tr><td class="pad rule soft" style="padding:16px 32px;border-top:1px solid #e4e7ec;${text(14, 21, SOFT)}">${words}</td></tr>`;
}

function reportText({ companies, links }: ReportMessage, words: ReportWords): string {
  const footer: [string, string][] = [
    ["Open Parma", links.app],
    ["Notification settings", links.settings],
  ];
  if (links.unsubscribe !== undefined) footer.push(["Unsubscribe", links.unsubscribe]);
  return textDocument({
    title: words.title,
    parts: [
      paragraph(words.summary),
      ...companies.map(companyText),
      ...(words.quiet === null ? [] : [paragraph(words.quiet)]),
    ],
    reason: "This report comes once a week, about the companies that you follow.",
    links: footer,
  });
}
