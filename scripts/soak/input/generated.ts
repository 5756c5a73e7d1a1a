import type { Mapping } from "../../../functions/src/domain/normalizationMap/normalizationMap.ts";
import { type Random, randomOf } from "../random.ts";
import type { SoakCompany, SoakDocument, SoakSource } from "./soakInput.ts";

/** Which shape the answers of a made-up source have. */
interface Shape {
  readonly mappings: readonly Mapping[];
  readonly rule: SoakSource["rule"];
  /** Answers about one company, each a little different from the one before. */
  answers(company: string, random: Random): () => Answer;
}

type Answer = Record<string, unknown>;

/** A source of made-up companies: of so many, with so many answers about each. */
export function generated(
  name: keyof typeof SHAPES,
  { seed, companies, answers }: { seed: number; companies: number; answers: number },
): SoakSource {
  const shape = SHAPES[name];
  return {
    name,
    origin: { kind: "module", mappings: shape.mappings },
    companies: Array.from({ length: companies }, (_, number) =>
      company(name, shape, { seed, number: number + 1, answers }),
    ),
    isMapped: name !== "unmapped",
    ...(shape.rule && { rule: shape.rule }),
  };
}

function company(
  source: string,
  shape: Shape,
  { seed, number, answers }: { seed: number; number: number; answers: number },
): SoakCompany {
  const name = `${source.charAt(0).toUpperCase()}${source.slice(1)} ${number}`;
  const random = randomOf(seed, name);
  const answer = shape.answers(name, random);
  return {
    name,
    property: "handle",
    value: `${source}-${number}`,
    documents: Array.from({ length: answers }, (_, week) => document(answer(), { week, number, random })),
  };
}

const FIRST_WEEK = Date.UTC(2025, 0, 6, 6);
const WEEK_MS = 7 * 24 * 3_600_000;

/** One answer a week. Some are what answers should not be, and are kept all the same. */
function document(
  answer: Answer,
  { week, number, random }: { week: number; number: number; random: Random },
): SoakDocument {
  const observedAt = new Date(FIRST_WEEK + week * WEEK_MS + number * 1_000).toISOString();
  const kind = random.next();
  const twice = random.chance(0.1);
  return {
    text: week > 0 && kind < 0.15 ? oddText(answer, kind) : JSON.stringify(answer),
    observedAt,
    twice,
  };
}

function oddText(answer: Answer, kind: number): string {
  // The source failed, and said so in no way.
  if (kind < 0.02) return "{}";
  // Deeper than Firestore goes.
  if (kind < 0.05) return JSON.stringify({ ...answer, extra: nested(30) });
  // More digits than a double has.
  if (kind < 0.08) return `${JSON.stringify(answer).slice(0, -1)},"serial":12345678901234567890}`;
  // Values of other types than the map says.
  const [first = ""] = Object.keys(answer).slice(1);
  return JSON.stringify({ ...answer, [first]: { "no such": ["value"] } });
}

function nested(levels: number): unknown {
  return levels === 0 ? "bottom" : { down: nested(levels - 1) };
}

/** A number that wanders, and jumps now and then. */
function wandering(random: Random, start: number): () => number {
  let value = start;
  return () => {
    value *= random.chance(0.025) ? random.pick([0.5, 1.5, 2]) : 0.98 + random.next() * 0.04;
    return value;
  };
}

/** A text that is another now and then. */
function changing(random: Random, what: string): () => string {
  let version = 1;
  return () => {
    if (random.chance(0.02)) version += 1;
    return `${what}, version ${version}`;
  };
}

const map = (
  DataType: Mapping["DataType"],
  SourceField: string,
  MeasurementName = SourceField,
  NestedMappings?: readonly Mapping[],
): Mapping => ({ SourceField, DataType, MeasurementName, ...(NestedMappings && { NestedMappings }) });

const metrics: Shape = {
  mappings: [
    map("text", "name", "company name"),
    map("int", "users", "active users"),
    map("float", "revenue"),
    map("int", "requests", "requests served"),
    map("int", "serial"),
    map("bool", "hiring", "is hiring"),
    map("date", "founded", "founding date"),
    map("link", "site", "website"),
    map("paragraph", "motto"),
  ],
  rule: { measurement: "active users", name: "Active users moved by 30 %", thresholdPercent: 30 },
  answers: (name, random) => {
    const users = wandering(random, random.int(200, 20_000));
    const revenue = wandering(random, random.int(1_000, 90_000));
    const motto = changing(random, `Everything about ${name}`);
    let requests = 4_000_000_000;
    return () => {
      requests += random.int(1, 100_000_000);
      return {
        name,
        users: Math.round(users()),
        revenue: Math.round(revenue() * 100) / 100,
        requests,
        hiring: random.chance(0.99),
        founded: "2015-03-03",
        site: `https://${name.toLowerCase().replaceAll(" ", "-")}.example/?visit=${random.int(1, 1_000)}`,
        motto: motto(),
      };
    };
  },
};

const products: Shape = {
  mappings: [
    map("text", "name", "product name"),
    map("int", "followers", "product followers"),
    map("float", "rating", "product rating"),
    map("nested", "reviews", "product reviews", [
      map("text", "id", "review id"),
      map("comment", "text", "review text"),
      map("int", "stars", "review stars"),
    ]),
  ],
  rule: { measurement: "product followers", name: "Followers moved by 30 %", thresholdPercent: 30 },
  answers: (name, random) => {
    const followers = wandering(random, random.int(500, 5_000));
    const reviews: object[] = [];
    const words = [
      "I love it",
      "Great and useful",
      "It is terrible",
      "Slow, but it works",
      "A broken mess",
    ] as const;
    return () => {
      if (reviews.length < 3 || random.chance(0.03)) {
        const id = `${name} ${reviews.length + 1}`;
        reviews.push({ id, text: `${random.pick(words)} (${reviews.length + 1})`, stars: random.int(1, 5) });
      }
      return { name, followers: Math.round(followers()), rating: 4.2, reviews: [...reviews] };
    };
  },
};

/** Of a source whose module never introduced itself. */
const unmapped: Shape = {
  mappings: [],
  rule: undefined,
  answers: (name, random) => () => ({ name, size: random.int(1, 100) }),
};

const SHAPES = { metrics, products, unmapped };
