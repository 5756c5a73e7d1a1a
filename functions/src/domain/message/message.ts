/** How much a finding matters, from the most to the least. */
export const SEVERITIES = ["critical", "high", "medium", "low"] as const;

export type Severity = (typeof SEVERITIES)[number];

export interface Company {
  readonly id: number;
  readonly name: string;
}

/** One point of a series, at the time it was observed. */
export interface ChartPoint {
  readonly at: Date;
  readonly value: number;
}

/** A series as a chart shows it: in any order, with or without a unit. */
export interface ChartSeries {
  readonly points: readonly ChartPoint[];
  readonly unit?: string;
}

/** What a rule or a detector found, in words and figures that any channel can carry. */
export interface ToldFinding {
  readonly title: string;
  readonly message: string;
  /** The figure of it, e.g. "+38%". */
  readonly triggerFactor: string | null;
  readonly severity: Severity;
  /** Which rule or detector found it, and which points were compared. */
  readonly why: string;
  readonly observedAt: Date;
  readonly sourceName: string;
  readonly measurementName: string;
  readonly series?: ChartSeries;
  /** What was expected of the point, where a detector said so. */
  readonly expected?: { readonly low: number; readonly high: number };
}

/** The findings of one company within a window, as one message. */
export interface AlertMessage {
  readonly kind: "alert";
  readonly company: Company;
  /** The most severe first. Never empty. */
  readonly findings: readonly ToldFinding[];
  /** How much history came, where it did; where the message is about nothing else, its findings are of it. */
  readonly history?: {
    readonly count: number;
    readonly from: Date;
    readonly to: Date;
    readonly isAll: boolean;
  };
  readonly links: {
    readonly company: string;
    readonly mute: string;
    readonly settings: string;
    /** One click, no login (RFC 8058). Only for channels that support it. */
    readonly unsubscribe?: string;
  };
  readonly sentAt: Date;
}

export interface FundingRound {
  readonly title: string;
  readonly amount?: string;
  readonly date?: Date;
  readonly investors?: readonly string[];
}

/** A key series of a company over the period of a report. */
export interface ReportSeries extends ChartSeries {
  readonly measurementName: string;
  readonly sourceName: string;
  /** Over the period, in percent; null where there is nothing to compare with. */
  readonly change: number | null;
  readonly latest: number;
}

export interface ReportCompany {
  readonly company: Company;
  readonly link: string;
  /** The most important first. */
  readonly news: readonly ToldFinding[];
  readonly series: readonly ReportSeries[];
  readonly fundingRounds: readonly FundingRound[];
}

/** What a user's companies did over a period. */
export interface ReportMessage {
  readonly kind: "report";
  readonly user: { readonly name: string };
  readonly period: { readonly from: Date; readonly to: Date };
  /** The companies with news, in the order they are to be read. */
  readonly companies: readonly ReportCompany[];
  /** The names of those without. */
  readonly quietCompanies: readonly string[];
  readonly links: { readonly app: string; readonly settings: string; readonly unsubscribe?: string };
  readonly sentAt: Date;
}

/** Shows a user that a channel works. */
export interface TestMessage {
  readonly kind: "test";
  readonly user: { readonly name: string };
  readonly links: { readonly settings: string };
  readonly sentAt: Date;
}

/** Something that operators have to know. */
export interface NoticeMessage {
  readonly kind: "notice";
  /** One line. */
  readonly subject: string;
  /** An empty line between paragraphs. */
  readonly body: string;
  readonly createdAt: Date;
}

/** Everything that is ever sent, before any channel has a say in how it looks. */
export type Message = AlertMessage | ReportMessage | TestMessage | NoticeMessage;
