import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { describeStates, drawStates } from "./drawStates.ts";
import type { StateModel } from "./stateModel.ts";
import { stateModels } from "./stateModels.ts";

const models: readonly StateModel[] = Object.values(stateModels);

test("a model is described with its states, their limits, and what leads from one to another", () => {
  const lines = describeStates(stateModels.rawDocument).split("\n");
  expect(lines[0]).toBe("Raw document (pipeline.raw_document.state; 5 attempts)");
  expect(lines).toContain("  RECEIVED      kept in Firestore, not yet normalized; at most 10 min");
  expect(lines).toContain("    ─► NORMALIZED    its values are written");
  expect(lines).toContain("  ANALYZED      its news are written; final");
});

test.each(models.map((model) => [model.title, model] as const))(
  "docs/states.md shows the %s as it is (scripts/dev states --mermaid)",
  (_title, model) => {
    const page = readFileSync(join(__dirname, "../../../../docs/states.md"), "utf8");
    expect(page).toContain(`\`\`\`mermaid\n${drawStates(model)}\n\`\`\``);
  },
);
