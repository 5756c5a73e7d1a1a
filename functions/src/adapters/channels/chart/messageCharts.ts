import type { Message } from "../../../domain/message/message.ts";
import { changeTone, SEVERITY_LOOKS, TONES } from "../../../domain/message/severity.ts";
import { type ChartRequest, canBeDrawn } from "./chart.ts";

/** The id of an alert's chart of its finding at `index`. */
export function findingChartId(index: number): string {
  return `finding-${index}`;
}

/** The id of a report's sparkline. */
export function seriesChartId(company: number, series: number): string {
  return `series-${company}-${series}`;
}

/** The charts that a message has, as far as their series can be drawn. */
export function messageCharts(message: Message): ChartRequest[] {
  if (message.kind === "alert") {
    return message.findings.flatMap(({ series, severity, observedAt, expected }, index) => {
      if (series === undefined || !canBeDrawn(series)) return [];
      const color = TONES[SEVERITY_LOOKS[severity].tone].light;
      const band = expected === undefined ? {} : { expected };
      return [
        { id: findingChartId(index), chart: { kind: "alert", series, markedAt: observedAt, color, ...band } },
      ];
    });
  }
  if (message.kind === "report") {
    return message.companies.flatMap(({ series }, company) =>
      series.flatMap((one, index) =>
        canBeDrawn(one)
          ? [
              {
                id: seriesChartId(company, index),
                chart: { kind: "sparkline", series: one, color: TONES[changeTone(one.change)].light },
              },
            ]
          : [],
      ),
    );
  }
  return [];
}
