import { generated } from "./generated.ts";
import { jobless, shares } from "./realSeries.ts";
import type { SoakSource } from "./soakInput.ts";

// Documents of one company follow each other, as its changes are what is found; those of many come at once.
const FEWEST_ROUNDS = 2;
const MAX_ROUNDS = 20;
const REAL_SHARE = 0.2;
/** The runs of GitHub that are wanted: its recorded answers are the same each time. */
export const GITHUB_RUNS = 2;

/** The input of a soak: about so many documents, real ones and made-up ones, the same for the same seed. */
export function makeInput({ documents, seed }: { documents: number; seed: number }): SoakSource[] {
  const rounds = Math.min(MAX_ROUNDS, Math.max(FEWEST_ROUNDS, Math.round(Math.sqrt(documents / 5))));
  const companies = Math.max(6, Math.round((documents - GITHUB_RUNS) / rounds));
  const real = Math.max(2, Math.min(19, Math.round(companies * REAL_SHARE)));
  const ofShares = Math.min(5, Math.ceil(real / 2));
  const made = companies - real;
  const unmapped = Math.max(1, Math.round(made * 0.03));
  const products = Math.round((made - unmapped) / 2);
  return [
    shares(ofShares, rounds),
    jobless(real - ofShares, rounds),
    generated("metrics", { seed, companies: made - unmapped - products, answers: rounds }),
    generated("products", { seed, companies: products, answers: rounds }),
    generated("unmapped", { seed, companies: unmapped, answers: rounds }),
    github(),
  ];
}

/** The recorded answers of GitHub. It does not say when it observed, so each run of the source is a document. */
function github(): SoakSource {
  return {
    name: "github",
    origin: { kind: "github" },
    companies: [
      {
        name: "Octokit Fixtures",
        property: "handles",
        value: "octokit-fixture-org",
        documents: Array.from({ length: GITHUB_RUNS }, () => ({ text: "" })),
      },
    ],
    isMapped: true,
  };
}
