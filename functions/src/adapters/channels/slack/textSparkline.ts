import type { ChartPoint } from "../../../domain/message/message.ts";
import { drawablePoints } from "../chart/chart.ts";

const BARS = "▁▂▃▄▅▆▇█";
const WIDTH = 12;

/** A series as a row of bars, the last of as many points as fit: "▁▂▂▃▅█". */
export function textSparkline(points: readonly ChartPoint[]): string {
  const values = drawablePoints({ points })
    .slice(-WIDTH)
    .map(([, value]) => value);
  const low = Math.min(...values);
  const height = Math.max(...values) - low;
  return values
    .map((value) => BARS[height === 0 ? 0 : Math.round(((value - low) / height) * (BARS.length - 1))])
    .join("");
}
