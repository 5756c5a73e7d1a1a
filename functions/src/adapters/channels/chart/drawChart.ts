import { createRequire } from "node:module";
import pMap from "p-map";
import { logWarning } from "../../../platform/log.ts";
import { CHART_SIZES, type Chart, type ChartRequest } from "./chart.ts";
import { alertChartOption, FONT_FAMILY, sparklineOption } from "./options.ts";

const PIXEL_RATIOS = { alert: 2.4, sparkline: 2 } as const;

/** Draws a chart as a PNG. */
export async function drawChart(chart: Chart): Promise<Uint8Array> {
  const [svg, { Resvg }] = await Promise.all([chartSvg(chart), import("@resvg/resvg-js")]);
  const image = new Resvg(svg, {
    fitTo: { mode: "zoom", value: PIXEL_RATIOS[chart.kind] },
    font: { fontFiles: fontFiles(), loadSystemFonts: false, defaultFontFamily: FONT_FAMILY },
    background: "#ffffff",
  });
  return image.render().asPng();
}

/**
 * Draws the charts of a message. One that cannot be drawn is left out, with a line in the log: the message goes
 * without it.
 */
export async function drawCharts(
  requests: readonly ChartRequest[],
  draw = drawChart,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const drawn = new Map<string, Uint8Array>();
  await pMap(
    requests,
    async ({ id, chart }) => {
      try {
        drawn.set(id, await draw(chart));
      } catch (error) {
        logWarning(`A chart could not be drawn: ${String(error)}`, { chart: id });
      }
    },
    // Drawing keeps the processor busy: more at a time would not be sooner.
    { concurrency: 1 },
  );
  return drawn;
}

async function chartSvg(chart: Chart): Promise<string> {
  const { init } = await import("echarts/dist/echarts.esm.min.mjs");
  const instance = init(null, null, { renderer: "svg", ssr: true, ...CHART_SIZES[chart.kind] });
  try {
    instance.setOption(chart.kind === "alert" ? alertChartOption(chart) : sparklineOption(chart));
    return instance.renderToSVGString();
  } finally {
    instance.dispose();
  }
}

// Cloud Functions' machines have no fonts: without its own, the chart would have no letters.
function fontFiles(): string[] {
  const require = createRequire(import.meta.url);
  return [
    require.resolve("@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf"),
    require.resolve("@expo-google-fonts/inter/600SemiBold/Inter_600SemiBold.ttf"),
  ];
}
