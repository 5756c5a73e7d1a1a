import type { Severity } from "./message.ts";

/** Colours that mean something, each readable (a contrast of 4.5 and more) on white, and its like in the dark. */
export const TONES = {
  red: { light: "#b42318", dark: "#f97066" },
  orange: { light: "#b93815", dark: "#fd853a" },
  amber: { light: "#8a5a00", dark: "#fdb022" },
  green: { light: "#12805c", dark: "#47cd89" },
  grey: { light: "#475467", dark: "#98a2b3" },
} as const;

export type Tone = keyof typeof TONES;

/** How a severity looks: its colour, what its label stands on, and in Slack, which has no colours for text. */
interface SeverityLook {
  readonly label: string;
  readonly tone: Tone;
  readonly background: string;
  readonly emoji: string;
}

export const SEVERITY_LOOKS: Readonly<Record<Severity, SeverityLook>> = {
  critical: { label: "Critical", tone: "red", background: "#fee4e2", emoji: ":red_circle:" },
  high: { label: "High", tone: "orange", background: "#fdead7", emoji: ":large_orange_circle:" },
  medium: { label: "Medium", tone: "amber", background: "#fdf0c8", emoji: ":large_yellow_circle:" },
  low: { label: "Low", tone: "grey", background: "#eaecf0", emoji: ":white_circle:" },
};

/** Green for what rose, red for what fell. */
export function changeTone(change: number | null): Tone {
  if (change === null || change === 0) return "grey";
  return change > 0 ? "green" : "red";
}
