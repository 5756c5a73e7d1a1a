import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "@jest/globals";

const SRC = join(__dirname, "../src");

/** What each floor may import beside itself. A stage may not import another stage: it hands over. */
const MAY_IMPORT = {
  stages: ["domain", "adapters", "platform"],
  api: ["domain", "adapters", "platform"],
  adapters: ["domain", "platform"],
  domain: ["platform"],
  platform: [],
} as const;

type Floor = keyof typeof MAY_IMPORT;

// `from "…"`, `import "…"`, `import("…")` and `require("…")`: types and dynamic imports count.
const IMPORT = /\b(?:from|import|require)\s*\(?\s*["'`](\.[^"'`]+)["'`]/g;

test.each([
  ["stages/mine/a.ts", 'import type { A } from "../ingest/b.ts";', ["stages/mine → stages/ingest"]],
  [
    "stages/mine/a.ts",
    'const b = await import("../../stages/ingest/b.ts");',
    ["stages/mine → stages/ingest"],
  ],
  ["domain/rule/a.ts", 'import {\n  a,\n} from "../../adapters/blobStore.ts";', ["domain → adapters"]],
  ["adapters/modules/a.ts", 'export * from "../../stages/mine/b.ts";', ["adapters → stages/mine"]],
  ["platform/http.ts", 'import "../domain/a.ts";', ["platform → domain"]],
  ["platform/http.ts", 'import "../../../scripts/a.ts";', ["platform → .."]],
  ["stages/mine/a.ts", 'import "./b.ts"; import "../../domain/a.ts"; import "../../platform/a.ts";', []],
])("in %s, %s", (file, text, expected) => {
  expect(violations(file, text)).toEqual(expected);
});

test("each floor imports only what it may", () => {
  const files = globSync("{stages,api,adapters,domain,platform}/**/*.ts", {
    cwd: SRC,
    exclude: ["**/*.test.ts"],
  });
  expect(files.length).toBeGreaterThan(300);
  const found = files.flatMap((file) =>
    violations(file, readFileSync(join(SRC, file), "utf8")).map((violation) => `${file}: ${violation}`),
  );
  expect(found).toEqual([]);
});

/** The imports of a file, given by its path below `src`, that lead where its floor may not go. */
function violations(file: string, text: string): string[] {
  const own = roomOf(file);
  return [...text.matchAll(IMPORT)].flatMap(([, target = ""]) => {
    const room = roomOf(relative(SRC, join(SRC, dirname(file), target)));
    return room === own || mayImport(floorOf(own), floorOf(room)) ? [] : [`${own} → ${room}`];
  });
}

/** The floor; of the stages, the stage. */
function roomOf(file: string): string {
  const [floor = "", room = ""] = file.split("/");
  return floor === "stages" ? `${floor}/${room}` : floor;
}

function floorOf(room: string): string {
  return room.split("/")[0] ?? "";
}

function mayImport(from: string, to: string): boolean {
  return isFloor(from) && MAY_IMPORT[from].some((floor) => floor === to);
}

function isFloor(name: string): name is Floor {
  return Object.hasOwn(MAY_IMPORT, name);
}
