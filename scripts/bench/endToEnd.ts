import { readShapes } from "./portfolio/shapes.ts";
import { followStars, News, untilSettled } from "./production/news.ts";
import { CHAIN, type Pipeline, startPipeline } from "./production/pipeline.ts";
import { enterSource, type FedCompany, type FedSource } from "./production/source.ts";
import { median, quantile, ratioOf, type Side, side, takeTurns } from "./rounds.ts";
import type { Figure, Suite, SuiteOptions } from "./suite.ts";

const SIZES = {
  full: { rounds: 7, alone: 15, loaded: 120 },
  quick: { rounds: 1, alone: 2, loaded: 8 },
} as const;

const IN_FLIGHT = 8;
const OURS = ["feedRawData", "normalizeRawData", "analyzeBatch", "deliver"];

/** From a raw answer to the message in Slack. */
export const endToEndSuite: Suite = {
  name: "endToEnd",
  explains:
    "from a fed document to its message in Slack, one process a function, against functions that only hand over",
  run,
};

async function run({ quick, note }: SuiteOptions): Promise<Figure[]> {
  const sizes = quick ? SIZES.quick : SIZES.full;
  const pipeline = await startPipeline({ names: OURS, withChain: true, note });
  const { repositories } = await readShapes();
  const source = await enterSource(pipeline.backends, { shape: repositories, companies: IN_FLIGHT });
  await followStars(pipeline.backends, source);
  const ours = new Way(pipeline, source, new News(repositories), feed);
  const empty = new Way(pipeline, source, new News(repositories), keep);
  note("the first document of each company");
  await Promise.all(source.companies.map((company) => ours.feed(company)));
  await untilSettled(pipeline.backends);
  note("one document at a time");
  const alone = { ours: ours.latency(sizes.alone), empty: empty.latency(sizes.alone) };
  await takeTurns([alone.ours.side, alone.empty.side], sizes.rounds);
  note(`${IN_FLIGHT} documents at a time`);
  const loaded = { ours: ours.rate(sizes.loaded), empty: empty.rate(sizes.loaded) };
  await takeTurns([loaded.ours.side, loaded.empty.side], sizes.rounds);
  const memory = await memoryFigure(pipeline);
  await pipeline.stop();
  return [latencyFigure(alone), rateFigure(loaded), memory];
}

/** Hands in a document, so that a message with the company's name in it comes of it. */
type HandIn = (
  pipeline: Pipeline,
  source: FedSource,
  company: FedCompany,
  answer: object,
) => Promise<Response>;

const feed: HandIn = ({ processes }, source, company, answer) =>
  fetch(urlOf(processes, "feedRawData"), {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${source.token}` },
    body: JSON.stringify({
      source_name: source.name,
      company_id: String(company.id),
      raw_data: answer,
      observed_at: new Date().toISOString(),
    }),
  });

let kept = 0;
const keep: HandIn = ({ processes }, _source, company, data) => {
  kept += 1;
  return fetch(urlOf(processes, "keep"), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: `${company.name}-${kept}`, data }),
  });
};

function urlOf(processes: Pipeline["processes"], name: string): string {
  const process = processes.get(name);
  if (process === undefined) throw new Error(`${name} does not run`);
  return process.url;
}

/** How long documents took, and what is compared of it. */
interface Measured {
  readonly side: Side;
  readonly milliseconds: number[];
}

/** The way of documents to messages: ours, or the empty one. */
class Way {
  private readonly pipeline: Pipeline;
  private readonly source: FedSource;
  private readonly news: News;
  private readonly handIn: HandIn;

  constructor(pipeline: Pipeline, source: FedSource, news: News, handIn: HandIn) {
    this.pipeline = pipeline;
    this.source = source;
    this.news = news;
    this.handIn = handIn;
  }

  async feed(company: FedCompany): Promise<void> {
    const response = await this.handIn(this.pipeline, this.source, company, this.news.next(company));
    if (!response.ok)
      throw new Error(`A document was refused (${response.status}): ${await response.text()}`);
  }

  /** The median time to the message, one document after the other. */
  latency(documents: number): Measured {
    const milliseconds: number[] = [];
    const measured = side(async () => {
      const own = await this.untilTold(documents, 1);
      milliseconds.push(...own);
      return median(own);
    });
    return { side: measured, milliseconds };
  }

  /** Documents per minute, several on their way at a time. */
  rate(documents: number): Measured {
    const milliseconds: number[] = [];
    const measured = side(async () => {
      const started = performance.now();
      milliseconds.push(...(await this.untilTold(documents, IN_FLIGHT)));
      return (documents * 60_000) / (performance.now() - started);
    });
    return { side: measured, milliseconds };
  }

  /** Each company has one document on its way at a time. */
  private async untilTold(documents: number, inFlight: number): Promise<number[]> {
    let left = documents;
    const milliseconds: number[] = [];
    const follow = async (company: FedCompany) => {
      while (left > 0) {
        left -= 1;
        const started = performance.now();
        const told = this.pipeline.toldOf(company.name);
        await this.feed(company);
        await told;
        milliseconds.push(performance.now() - started);
      }
    };
    await Promise.all(this.source.companies.slice(0, inFlight).map(follow));
    return milliseconds;
  }
}

interface Sides {
  readonly ours: Measured;
  readonly empty: Measured;
}

function latencyFigure({ ours, empty }: Sides): Figure {
  return {
    name: "one at a time",
    explains: `a document's way to its message, by that through ${CHAIN.length} functions that only hand over`,
    measured: { as: "ratio", ...ratioOf(ours.side, empty.side) },
    absolute: latencies({ ours, empty }),
  };
}

function rateFigure({ ours, empty }: Sides): Figure {
  return {
    name: "under load",
    explains: `documents per minute with ${IN_FLIGHT} on their way, by those through functions that only hand over`,
    measured: { as: "ratio", ...ratioOf(ours.side, empty.side) },
    absolute: [
      { what: "documents to their messages", value: median(ours.side.reached), unit: "per minute" },
      { what: "handed over only", value: median(empty.side.reached), unit: "per minute" },
      ...latencies({ ours, empty }),
    ],
  };
}

function latencies({ ours, empty }: Sides): Figure["absolute"] {
  return [
    { what: "p50", value: quantile(ours.milliseconds, 0.5), unit: "ms" },
    { what: "p99", value: quantile(ours.milliseconds, 0.99), unit: "ms" },
    { what: "handed over only p50", value: quantile(empty.milliseconds, 0.5), unit: "ms" },
    { what: "handed over only p99", value: quantile(empty.milliseconds, 0.99), unit: "ms" },
  ];
}

async function memoryFigure({ processes }: Pipeline): Promise<Figure> {
  const most = await Promise.all(
    OURS.map(async (name) => ({
      what: name,
      value: (await processes.get(name)?.usage())?.peakMiB ?? Number.NaN,
      unit: "MiB",
    })),
  );
  return {
    name: "most memory of any function",
    explains: "after all these documents, drawing their charts included",
    measured: { as: "count", count: Math.round(Math.max(...most.map(({ value }) => value))), unit: "MiB" },
    absolute: most,
  };
}
