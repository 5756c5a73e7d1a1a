import { routesOf } from "../../functions/src/platform/declared.ts";
import { deployedFunctions } from "../stack/deployed.ts";
import { configurationTable, httpTable, writeTable } from "../stack/docsTables.ts";

/** `docs`: writes the tables of docs/ that are made from the declarations. */
export async function docs(): Promise<void> {
  const functions = deployedFunctions();
  await writeTable("http.md", "routes", httpTable(await routesOf(functions)));
  const declarations = Object.values(functions).map(({ declaration }) => declaration);
  await writeTable("configuration.md", "settings", configurationTable(declarations));
  console.log("Wrote the tables of docs/http.md and docs/configuration.md");
}
