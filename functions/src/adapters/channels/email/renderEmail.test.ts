import { describe, expect, test } from "@jest/globals";
import {
  NAUGHTY_NAMES,
  sampleAlert,
  sampleFinding,
  sampleReport,
  sampleReportCompany,
  sampleTest,
} from "../../../../test/channels/sampleMessages.ts";
import { renderEmail } from "./renderEmail.ts";

const allCharts = () => true;
const noCharts = () => false;

// Where Gmail cuts a message off.
const GMAIL_LIMIT = 102 * 1024;

/** The tags of a document, to compare its structure whatever its texts say. */
function tagsOf(html: string): string[] {
  return html.match(/<\/?[a-z][a-z0-9]*/g) ?? [];
}

describe("an alert", () => {
  test("says in the subject what happened, to whom, and how much more there is", () => {
    const { subject } = renderEmail(sampleAlert(7), allCharts);
    expect(subject).toBe("Personio: GitHub stars rose far more than expected, +186% (and 6 more)");
  });

  test("shows each finding with its chart, and why it came", () => {
    const { html, images } = renderEmail(sampleAlert(2), allCharts);
    expect(images).toEqual(["finding-0", "finding-1"]);
    expect(html).toContain('src="cid:finding-0"');
    expect(html).toContain("412 against an expected 120–&#8288;160");
    expect(html.match(/Why you get this/g)).toHaveLength(2);
  });

  test("goes without charts where there are none, and points to none", () => {
    const { html, images } = renderEmail(sampleAlert(7), noCharts);
    expect(images).toEqual([]);
    expect(html).not.toContain("cid:");
    expect(html).not.toContain("<img");
  });

  test("links to the company, the mute, the settings and the end of it", () => {
    const message = sampleAlert();
    const { html, text } = renderEmail(message, noCharts);
    for (const href of Object.values(message.links)) {
      expect(html).toContain(`href="${href}"`);
      expect(text).toContain(href);
    }
  });

  test("of more findings than anyone reads tells how many there are", () => {
    const findings = Array.from({ length: 14 }, (_, i) => sampleFinding({ title: `Finding ${i}` }));
    const { html, text, images } = renderEmail(sampleAlert(1, { findings }), allCharts);
    expect(images).toHaveLength(10);
    expect(html).toContain("And 4 more findings");
    expect(text).toContain("And 4 more findings");
    expect(html).not.toContain("Finding 10");
  });

  test.each(NAUGHTY_NAMES)("of %p has the same markup as any other", (name) => {
    const finding = sampleFinding({
      title: name,
      message: name,
      why: name,
      triggerFactor: name,
      sourceName: name,
    });
    const plain = renderEmail(sampleAlert(1, { findings: [sampleFinding({ message: "x" })] }), allCharts);
    const message = sampleAlert(1, { company: { id: 1, name }, findings: [finding] });
    const { html, subject } = renderEmail(message, allCharts);
    expect(tagsOf(html).filter((tag) => tag !== "<br")).toEqual(
      tagsOf(plain.html).filter((tag) => tag !== "<br"),
    );
    expect(subject).not.toMatch(/[\r\n\u202e]/);
    expect(subject.length).toBeLessThanOrEqual(110);
  });

  test("can be read as text alone", () => {
    const { text } = renderEmail(sampleAlert(2), allCharts);
    expect(text).toBe(`Personio
========

2 findings, the most severe first

[CRITICAL] GitHub stars rose far more than expected (+186%)
personio/os-core has 412 stars. After six quiet weeks around 140, that
is the largest rise of this series so far.
Why you get this: Unusual for this series: 412 against an expected
120–160.
github · stars · 3 Mar 2025, 08:00 UTC

[HIGH] Open positions fell by a third (−35%)
34 positions are open, after 52 a week ago.
Why you get this: The rule “Weekly drop” reports changes of 5% or more.
github · open positions · 3 Mar 2025, 08:00 UTC

-- 
You get this because you follow Personio.
Open Personio:
  https://parma.example/company/12
Mute this company:
  https://parma.example/mute?token=eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyIjo1LCJjb21wYW55IjoxMn0.c2lnbmF0dXJl
Notification settings:
  https://parma.example/settings
Unsubscribe:
  https://parma.example/unsubscribe?token=eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyIjo1fQ.c2lnbmF0dXJl
`);
  });
});

describe("a report", () => {
  test("of twelve companies shows them all, with sparklines, below what Gmail cuts off", () => {
    const message = sampleReport(12);
    const { html, subject, images } = renderEmail(message, allCharts);
    expect(subject).toBe("Your week: news about 12 companies, 24 Feb – 2 Mar 2025");
    expect(images).toHaveLength(36);
    for (const { company } of message.companies) expect(html).toContain(company.name);
    expect(html).toContain("Nothing new about Flixbus, Isar Aerospace, N26, Sennder.");
    expect(html).toContain("Series B, $40M, 27 Feb 2025, from Northzone and Index Ventures");
    expect(Buffer.byteLength(html)).toBeLessThan(GMAIL_LIMIT);
  });

  test("of too many companies names those that do not fit, and attaches only what it shows", () => {
    const { html, text, images } = renderEmail(sampleReport(40), allCharts);
    expect(Buffer.byteLength(html)).toBeLessThan(GMAIL_LIMIT);
    expect(html).toMatch(/Also with news: .*Portfolio Company 39\./);
    expect(images.length).toBeLessThan(40 * 3);
    expect(images.every((id) => html.includes(`cid:${id}"`))).toBe(true);
    expect(text).toContain("https://parma.example/company/39");
  });

  test("without any news says so", () => {
    const { html, subject, text } = renderEmail(sampleReport(0), allCharts);
    expect(subject).toBe("Your week: no news, 24 Feb – 2 Mar 2025");
    expect(html).toContain("Nothing new about");
    expect(text).toContain("Nothing new about Flixbus");
  });

  test("escapes every name", () => {
    const companies = NAUGHTY_NAMES.map((name, i) => sampleReportCompany(i, name));
    const { html } = renderEmail(sampleReport(0, { companies, quietCompanies: NAUGHTY_NAMES }), allCharts);
    expect(html).not.toContain("<script");
    expect(html).not.toContain("<b>Sons");
    expect(html).toContain("&lt;b&gt;Sons");
    expect(html).not.toContain("\u202e");
  });

  test("can be read as text alone", () => {
    const { text } = renderEmail(sampleReport(1), allCharts);
    expect(text).toContain(`Personio
--------
* [Critical] GitHub stars rose far more than expected (+186%)
  personio/os-core has 412 stars. After six quiet weeks around 140, that
  is the largest rise of this series so far.
  github · stars · 3 Mar 2025, 08:00 UTC
* Funding: Series B, $40M, 27 Feb 2025, from Northzone and Index
  Ventures
`);
    expect(text).toContain("\n  stars (github): 412 (+186%)");
    expect(text).not.toMatch(/<\w/);
  });
});

test("a test message says that it works", () => {
  const { subject, text, html } = renderEmail(sampleTest(), noCharts);
  expect(subject).toContain("It works");
  expect(text).toContain("Hello Anna, this address gets your news");
  expect(html).toContain("https://parma.example/settings");
});
