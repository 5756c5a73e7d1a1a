import type {
  AlertMessage,
  ChartSeries,
  NoticeMessage,
  ReportCompany,
  ReportMessage,
  Severity,
  TestMessage,
  ToldFinding,
} from "../../src/domain/message/message.ts";

export const SENT_AT = new Date("2025-03-03T08:00:00Z");
const DAY = 86_400_000;

const links = {
  company: "https://parma.example/company/12",
  mute: "https://parma.example/mute?token=eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyIjo1LCJjb21wYW55IjoxMn0.c2lnbmF0dXJl",
  settings: "https://parma.example/settings",
  unsubscribe: "https://parma.example/unsubscribe?token=eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyIjo1fQ.c2lnbmF0dXJl",
};

/** Names that break what is not careful: markup, quotes, headers, directions, emoji, no spaces at all. */
export const NAUGHTY_NAMES = [
  "<script>alert('Ä & B')</script>",
  'Quote " & <b>Sons</b> \\ *GmbH* _KG_ `Co`',
  "Head\r\nBcc: everyone@example.com",
  "\u202eevil.exe <!channel> @here :fire:",
  "日本電気株式会社 👩‍👩‍👧‍👦 Ñandú",
  "DonaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftmitbeschränkterHaftungundCompagnie",
] as const;

/** A gently waving series of one value a day up to `end`, whose last value is another. */
export function sampleSeries(
  base: number,
  last: number,
  { days = 42, end = SENT_AT, unit = "" } = {},
): ChartSeries {
  const points = Array.from({ length: days }, (_, i) => ({
    at: new Date(end.getTime() - (days - 1 - i) * DAY),
    value: i === days - 1 ? last : Number((base * (1 + 0.06 * Math.sin(i * 0.9) + i * 0.002)).toPrecision(3)),
  }));
  return unit === "" ? { points } : { points, unit };
}

/** A finding, with what differs from the usual one. */
export function sampleFinding(changes: Partial<ToldFinding> = {}): ToldFinding {
  return {
    title: "GitHub stars rose far more than expected",
    message:
      "personio/os-core has 412 stars. After six quiet weeks around 140, that is the largest rise of this series so far.",
    triggerFactor: "+186%",
    severity: "critical",
    why: "Unusual for this series: 412 against an expected 120–160.",
    observedAt: SENT_AT,
    sourceName: "github",
    measurementName: "stars",
    series: sampleSeries(140, 412, { unit: "stars" }),
    expected: { low: 120, high: 160 },
    ...changes,
  };
}

type Other = readonly [
  Severity,
  string,
  string,
  string | null,
  measurement: string,
  base: number,
  last: number,
];

const others: readonly Other[] = [
  [
    "high",
    "Open positions fell by a third",
    "34 positions are open, after 52 a week ago.",
    "−35%",
    "open positions",
    52,
    34,
  ],
  [
    "high",
    "Rating on Trustpilot dropped",
    "The rating is 3.1, after 4.4 on average of the last 10 values.",
    "−30%",
    "rating",
    4.4,
    3.1,
  ],
  [
    "medium",
    "Employees on LinkedIn grew",
    "1,204 employees, after 1,120 a month ago.",
    "+7.5%",
    "employees",
    1120,
    1204,
  ],
  [
    "medium",
    "A new repository appeared",
    "personio/agent-kit was published. TypeScript, MIT licence.",
    null,
    "repositories",
    1,
    1,
  ],
  [
    "low",
    "The description on Product Hunt changed",
    "Before: HR for teams.\nNow: The people platform for Europe's small and medium companies.",
    null,
    "description",
    0,
    0,
  ],
];

const rise: Other = [
  "low",
  "Followers rose",
  "18,230 followers, after 17,900.",
  "+1.8%",
  "followers",
  17_900,
  18_230,
];

/** An alert of as many findings as wanted. */
export function sampleAlert(findings = 1, changes: Partial<AlertMessage> = {}): AlertMessage {
  const more = Array.from({ length: Math.max(0, findings - 1) }, (_, i) => {
    const [severity, title, message, triggerFactor, measurementName, base, last] = others[i] ?? rise;
    const rule = "The rule “Weekly drop” reports changes of 5% or more.";
    const { expected: _expected, series: _series, ...plain } = sampleFinding();
    const finding = { ...plain, severity, title, message, triggerFactor, measurementName, why: rule };
    return base === 0 ? finding : { ...finding, series: sampleSeries(base, last) };
  });
  return {
    kind: "alert",
    company: { id: 12, name: "Personio" },
    findings: [sampleFinding(), ...more],
    links,
    sentAt: SENT_AT,
    ...changes,
  };
}

const COMPANY_NAMES = [
  "Personio",
  "Celonis",
  "DeepL",
  "Trade Republic",
  "Helsing",
  "Aleph Alpha",
  "Forto",
] as const;

/** A company of a report. */
export function sampleReportCompany(index: number, name?: string): ReportCompany {
  const series = (measurementName: string, base: number, last: number, change: number | null) => ({
    ...sampleSeries(base, last, { days: 8 }),
    measurementName,
    sourceName: ["github", "linkedin", "reddit"][index % 3] ?? "github",
    change,
    latest: last,
  });
  return {
    company: { id: index, name: name ?? COMPANY_NAMES[index] ?? `Portfolio Company ${index}` },
    link: `https://parma.example/company/${index}`,
    news: sampleAlert(1 + (index % 4)).findings,
    series: [
      series("stars", 140, 412, 186),
      series("followers", 18_100, 17_400, -3.9),
      series("open issues", 50, 50, null),
    ],
    fundingRounds:
      index % 3 === 0
        ? [
            {
              title: "Series B",
              amount: "$40M",
              date: new Date("2025-02-27"),
              investors: ["Northzone", "Index Ventures"],
            },
          ]
        : [],
  };
}

/** A weekly report over as many companies as wanted. */
export function sampleReport(companies = 3, changes: Partial<ReportMessage> = {}): ReportMessage {
  return {
    kind: "report",
    user: { name: "Anna" },
    period: { from: new Date("2025-02-24"), to: new Date("2025-03-02") },
    companies: Array.from({ length: companies }, (_, i) => sampleReportCompany(i)),
    quietCompanies: ["Flixbus", "Isar Aerospace", "N26", "Sennder"],
    links: { app: "https://parma.example", settings: links.settings, unsubscribe: links.unsubscribe },
    sentAt: SENT_AT,
    ...changes,
  };
}

/** What operators are told when a data source goes down. */
export function sampleNotice(): NoticeMessage {
  return {
    kind: "notice",
    subject: "Data source github is down",
    body: [
      "Too many calls of data source github (4) have failed, the last with HttpStatus503.",
      "Its other calls wait. The first is tried again in 5 minutes.",
    ].join("\n\n"),
    createdAt: SENT_AT,
  };
}

/** A test of a channel. */
export function sampleTest(): TestMessage {
  return { kind: "test", user: { name: "Anna" }, links: { settings: links.settings }, sentAt: SENT_AT };
}
