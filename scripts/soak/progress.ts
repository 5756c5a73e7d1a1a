import { z } from "zod";
import type { Query } from "../stack/query.ts";
import type { SoakSource } from "./input/soakInput.ts";

/** How many documents of a company the database has, and how many of them are done with. */
interface Counts {
  readonly there: number;
  readonly final: number;
}

const row = z.object({ source: z.string(), company: z.string(), there: z.int(), final: z.int() });

const COUNTS = `
  select source.source_name as source, company.name as company, count(*)::int as there,
         count(*) filter (where document.state in ('ANALYZED', 'DATA_PROBLEM', 'FAILED'))::int as final
    from pipeline.raw_document document
    join data_source source on source.id = document.data_source_id
    join company on company.id = document.company_id
   group by 1, 2`;

/**
 * How far each company is. The next document of a company is there to be mined once the one before is done with: what
 * is found depends on their order, and in life there are days between them.
 */
export class Progress {
  private counts = new Map<string, Counts>();

  of(source: string, company: string): Counts {
    return this.counts.get(`${source}\n${company}`) ?? { there: 0, final: 0 };
  }

  /** Which document of a company is the next to be mined; undefined where an earlier one is still on its way. */
  next(source: string, company: string): number | undefined {
    const { there, final } = this.of(source, company);
    return there === final ? final : undefined;
  }

  /** Whether all documents of a source are done with. */
  isDone({ name, companies }: SoakSource): boolean {
    return companies.every((company) => this.of(name, company.name).final >= company.documents.length);
  }

  /** How many documents are done with. */
  get total(): number {
    return [...this.counts.values()].reduce((sum, { final }) => sum + final, 0);
  }

  /** How much of so many documents is done: half of one is that it is there. */
  shareOf(documents: number): number {
    const there = [...this.counts.values()].reduce((sum, counts) => sum + counts.there, 0);
    return (there + this.total) / (2 * documents);
  }

  async look(query: Query): Promise<void> {
    const rows = await query(row, COUNTS);
    this.counts = new Map(rows.map(({ source, company, ...counts }) => [`${source}\n${company}`, counts]));
  }
}
