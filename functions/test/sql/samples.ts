/**
 * For SQL that is composed in a function of what it is called with: by file, code that gives its local names a value, or
 * that calls the function. It runs at the end of the module.
 */
export const SAMPLES: Readonly<Record<string, string>> = {
  "functions/src/domain/extraction/insertValues.ts": "insertInto(Object.keys(COLUMN_TYPES))",
  "functions/src/domain/extraction/replaceValues.ts": 'removeOthers("int", "integer")',
  "functions/src/stages/operate/checks/runCheck.ts": 'around("select 1 as data_source_id")',
  "functions/src/stages/operate/erase/eraseRows.ts": `
    const row = { root: "public.company" };
    deletionOf([
      { child: "public.news", childColumns: ["company_id"], parent: "public.company", parentColumns: ["id"] },
      { child: "pipeline.finding", childColumns: ["news_id"], parent: "public.news", parentColumns: ["id"] },
    ])`,
  "scripts/bench/analyze.ts": 'const table = "int"',
  "scripts/bench/ceilings.ts": 'insertAll([{ table: "int" }])',
  "scripts/bench/histories.ts": 'const [series, itemKeys, table] = ["$3", "$4", "int"]',
  "scripts/bench/normalize.ts": 'const table = "int"',
  "scripts/bench/portfolio/history.ts": 'fill("int"), FORGOTTEN_STATES("int")',
};
