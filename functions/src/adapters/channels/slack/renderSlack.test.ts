import { describe, expect, test } from "@jest/globals";
import {
  NAUGHTY_NAMES,
  sampleAlert,
  sampleFinding,
  sampleReport,
  sampleReportCompany,
  sampleTest,
} from "../../../../test/channels/sampleMessages.ts";
import { blockErrors, parseBlock, textsOf } from "../../../../test/standins/slackBlockLimits.ts";
import type { Message } from "../../../domain/message/message.ts";
import { clipMrkdwn, slackLink } from "./mrkdwn.ts";
import { renderSlack } from "./renderSlack.ts";
import { textSparkline } from "./textSparkline.ts";

const files = new Map(Array.from({ length: 20 }, (_, i) => [`finding-${i}`, `F00000000${10 + i}`]));

function rendered(message: Message) {
  const { blocks, text } = renderSlack(message, files);
  return {
    text,
    blocks: blocks.map(parseBlock),
    texts: blocks.flatMap((block) => textsOf(parseBlock(block))),
  };
}

/** What Slack would refuse a message for. */
function complaints(message: Message): string[] {
  return blockErrors(renderSlack(message, files).blocks, () => true);
}

describe("an alert", () => {
  test("has a heading, the finding with its chart and reason, and the links", () => {
    expect(renderSlack(sampleAlert(), files)).toEqual({
      text: "Personio: GitHub stars rose far more than expected, +186%",
      blocks: [
        { type: "header", text: { type: "plain_text", text: "Personio", emoji: false } },
        {
          type: "section",
          text: {
            type: "mrkdwn",
            verbatim: true,
            text: ":red_circle: *GitHub stars rose far more than expected*   *+186%*\npersonio/os-core has 412 stars. After six quiet weeks around 140, that is the largest rise of this series so far.",
          },
        },
        {
          type: "image",
          slack_file: { id: "F0000000010" },
          alt_text: "Chart of stars: GitHub stars rose far more than expected",
        },
        {
          type: "context",
          elements: [
            {
              type: "mrkdwn",
              verbatim: true,
              text: "*Why:* Unusual for this series: 412 against an expected 120–160.\ngithub · stars · 3 Mar 2025, 08:00 UTC",
            },
          ],
        },
        { type: "divider" },
        {
          type: "context",
          elements: [
            {
              type: "mrkdwn",
              verbatim: true,
              text: expect.stringMatching(
                /^<https:\/\/parma\.example\/company\/12\|Open Personio> {2}· {2}<.+\|Mute this company> {2}· {2}<.+\|Notification settings>$/,
              ),
            },
          ],
        },
      ],
    });
  });

  test("goes without charts where there are none", () => {
    const { blocks } = renderSlack(sampleAlert(7), new Map());
    expect(blocks.map(({ type }) => type)).not.toContain("image");
  });

  test("of names that are markup stays text", () => {
    const findings = NAUGHTY_NAMES.map((name) =>
      sampleFinding({ title: name, message: name, why: name, sourceName: name }),
    );
    const message = sampleAlert(1, { company: { id: 1, name: "<!channel> & Co" }, findings });
    const { blocks, text } = rendered(message);
    expect(complaints(message)).toEqual([]);
    // Headers and alternative texts are plain text, where nothing is markup.
    const mrkdwn = blocks.filter(({ type }) => type === "section" || type === "context").flatMap(textsOf);
    for (const one of [text, ...mrkdwn]) {
      expect(one.replaceAll(/<https:[^<>|]+\|[^<>|]*>/g, "")).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
    }
  });

  test.each([1, 5, 10, 60])("of %d findings of endless words is within every limit", (number) => {
    const whole = ["&amp;", "A", "B", "Long", "Name", "because", "word", "source", "+1"].concat(
      ["rising", "other", "so", "name"].map((word) => `&lt;${word}&gt;`),
      ["<rising>", "&"],
    );
    const long = sampleFinding({
      title: "A & B <rising> ".repeat(200),
      message: `${"word & <other> ".repeat(2_000)}\n`,
      why: "because & <so> ".repeat(500),
      sourceName: "source & <name> ".repeat(100),
      triggerFactor: "+1 ".repeat(200),
    });
    const message = sampleAlert(1, {
      company: { id: 1, name: "Long & Name ".repeat(50) },
      findings: Array.from({ length: number }, () => long),
    });
    expect(complaints(message)).toEqual([]);
    const cut = rendered(message).texts.flatMap((one) =>
      [...one.matchAll(/(\S*)…/g)].map(([, word]) => word),
    );
    expect(cut.length).toBeGreaterThan(0);
    for (const word of cut) expect(whole).toContain(word);
    if (number > 10)
      expect(rendered(message).texts).toContain("And 50 more findings, on the company's page.");
  });

  test("of one word without an end is within every limit", () => {
    const endless = sampleFinding({
      title: "x".repeat(5_000),
      message: "👩‍👩‍👧‍👦".repeat(2_000),
      why: "&".repeat(9_000),
    });
    const message = sampleAlert(1, { company: { id: 1, name: "y".repeat(400) }, findings: [endless] });
    expect(complaints(message)).toEqual([]);
  });

  test("of a company whose name cannot be printed still has a heading", () => {
    expect(complaints(sampleAlert(1, { company: { id: 1, name: "\u202e\u0000" } }))).toEqual([]);
  });
});

describe("a report", () => {
  test("has a part for each company, with its series in characters", () => {
    const { texts } = rendered(sampleReport(2));
    expect(texts[0]).toBe("Your week, Anna");
    expect(texts[1]).toBe("24 Feb – 2 Mar 2025 · news about 2 companies");
    expect(texts[2]).toContain("*<https://parma.example/company/0|Personio>*");
    expect(texts[2]).toContain(":moneybag: Series B, $40M, 27 Feb 2025, from Northzone and Index Ventures");
    expect(texts[3]).toMatch(/^▁▁▁▁▁▁▁█ {2}stars \(github\): \*412\* {2}\+186%/);
    expect(texts).toContain("Nothing new about Flixbus, Isar Aerospace, N26, Sennder");
  });

  test.each([0, 1, 12, 60])("of %d companies is within every limit", (number) => {
    expect(complaints(sampleReport(number))).toEqual([]);
  });

  test("of endless names and news is within every limit", () => {
    const companies = Array.from({ length: 40 }, (_, i) => {
      const company = sampleReportCompany(i, `${"Long & Name ".repeat(40)}${i}`);
      const news = Array.from({ length: 30 }, () =>
        sampleFinding({ message: "word & <other> ".repeat(300) }),
      );
      return { ...company, news, link: `https://parma.example/${"a".repeat(800)}` };
    });
    const message = sampleReport(0, {
      companies,
      quietCompanies: companies.map(({ company }) => company.name),
    });
    expect(complaints(message)).toEqual([]);
    expect(rendered(message).texts.join("\n")).toMatch(/_and \d+ more_/);
  });
});

test("a test message is within every limit", () => {
  expect(complaints(sampleTest())).toEqual([]);
  expect(rendered(sampleTest()).texts.join(" ")).toContain("this channel gets your news");
});

test("an entity counts as long as Slack sees it, and is never cut", () => {
  expect(clipMrkdwn("a & b & c", 9)).toBe("a &amp;…");
  expect(clipMrkdwn("&&&&&&", 12)).toBe("&amp;&amp;…");
});

test("a link cannot be ended from within", () => {
  expect(slackLink("https://x.example/?a=1&b=|>", "A|B>")).toBe(
    "<https://x.example/?a=1&amp;b=%7C%3E|A|B&gt;>",
  );
});

test("a series in characters spans from its lowest to its highest value", () => {
  const points = [3, 1, 2, 5].map((value, i) => ({ at: new Date(i), value }));
  expect(textSparkline(points)).toBe("▅▁▃█");
  expect(textSparkline(points.map(({ at }) => ({ at, value: 7 })))).toBe("▁▁▁▁");
  expect(textSparkline([])).toBe("");
});
