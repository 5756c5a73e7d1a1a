import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "@jest/globals";

const ROOT = join(__dirname, "../..");

/** The rooms of the house. A file belongs to the one with the longest path above it. */
const ROOMS = {
  root: "functions/src",
  stages: "functions/src/stages",
  api: "functions/src/api",
  adapters: "functions/src/adapters",
  domain: "functions/src/domain",
  platform: "functions/src/platform",
  tests: "functions/test",
  standins: "functions/test/standins",
  scripts: "scripts",
  stack: "scripts/stack",
  commands: "scripts/commands",
  demo: "scripts/demo",
  soak: "scripts/soak",
  bench: "scripts/bench",
  module: "scripts/module",
  replay: "scripts/replay",
} as const;

type Room = keyof typeof ROOMS;

const ROOM_NAMES = Object.keys(ROOMS).filter(isRoom);

const SOURCES = ["root", "stages", "api", "adapters", "domain", "platform"] as const;

/**
 * What each room may import besides itself. A stage may not import another stage: it hands over. `scripts` is the
 * command line and what all scripts share; `stack` is what they and the tests run on.
 */
const MAY_IMPORT: Readonly<Record<Room, readonly Room[]>> = {
  root: SOURCES,
  stages: ["domain", "adapters", "platform"],
  api: ["domain", "adapters", "platform"],
  adapters: ["domain", "platform"],
  domain: ["platform"],
  platform: [],
  tests: [...SOURCES, "standins", "stack", "scripts"],
  standins: [...SOURCES, "scripts"],
  scripts: ["commands", "stack"],
  stack: [...SOURCES, "standins", "scripts"],
  commands: [...SOURCES, "stack", "scripts", "demo", "soak", "bench", "module", "replay"],
  module: [...SOURCES, "stack", "scripts"],
  replay: [...SOURCES, "stack", "scripts", "tests"],
  demo: [...SOURCES, "standins", "stack", "scripts"],
  soak: [...SOURCES, "standins", "stack", "scripts", "tests"],
  bench: [...SOURCES, "standins", "stack", "scripts", "tests"],
};

// `from "…"`, `import "…"`, `import("…")` and `require("…")`: types and dynamic imports count.
const IMPORT = /\b(?:from|import|require)\s*\(?\s*["'`](\.[^"'`]+)["'`]/g;

const SRC = "functions/src";

test.each([
  [`${SRC}/stages/mine/a.ts`, 'import type { A } from "../ingest/b.ts";', ["stages/mine → stages/ingest"]],
  [
    `${SRC}/stages/mine/a.ts`,
    'const b = await import("../../stages/ingest/b.ts");',
    ["stages/mine → stages/ingest"],
  ],
  [`${SRC}/domain/rule/a.ts`, 'import {\n  a,\n} from "../../adapters/blobStore.ts";', ["domain → adapters"]],
  [`${SRC}/adapters/modules/a.ts`, 'export * from "../../stages/mine/b.ts";', ["adapters → stages/mine"]],
  [`${SRC}/platform/http.ts`, 'import "../domain/a.ts";', ["platform → domain"]],
  [`${SRC}/platform/http.ts`, 'import "../../../scripts/a.ts";', ["platform → scripts"]],
  [`${SRC}/platform/http.ts`, 'import "../../../infrastructure/a.ts";', ["platform → infrastructure/a.ts"]],
  [
    `${SRC}/stages/mine/a.ts`,
    'import "./b.ts"; import "../../domain/a.ts"; import "../../platform/a.ts";',
    [],
  ],
  [`${SRC}/stages/mine/a.test.ts`, 'import "../ingest/b.ts"; import "../../../test/rows.ts";', []],
  [`${SRC}/stages/mine/a.test.ts`, 'import "../../../../scripts/demo/a.ts";', ["stages/mine → demo"]],
  ["functions/test/e2e/a.test.ts", 'import "../../../scripts/demo/a.ts";', ["tests → demo"]],
  ["functions/test/standins/a.ts", 'import "../rows.ts";', ["standins → tests"]],
  [
    "scripts/bench/a.ts",
    'import "../soak/a.ts"; import "../stack/a.ts"; import "../paths.ts";',
    ["bench → soak"],
  ],
  ["scripts/soak/faults/a.ts", 'import "../../commands/a.ts";', ["soak → commands"]],
  ["scripts/stack/a.ts", 'import "../demo/a.ts";', ["stack → demo"]],
  ["scripts/demo/a.test.ts", 'import "./a.ts"; import "../../functions/test/rows.ts";', []],
])("in %s, %s", (file, text, expected) => {
  expect(violations(file, text)).toEqual(expected);
});

test("each room imports only what it may", () => {
  const files = globSync(["functions/{src,test}/**/*.{ts,cts}", "scripts/**/*.ts"], { cwd: ROOT });
  expect(files.length).toBeGreaterThan(600);
  const found = files
    // Its examples of imports are none.
    .filter((file) => file !== "functions/test/house.test.ts")
    .flatMap((file) =>
      violations(file, readFileSync(join(ROOT, file), "utf8")).map((violation) => `${file}: ${violation}`),
    );
  expect(found).toEqual([]);
});

/** The imports of a file, given by its path below the project, that lead where its room may not go. */
function violations(file: string, text: string): string[] {
  const own = roomOf(file);
  const allowed = roomsFor(file, own);
  return [...text.matchAll(IMPORT)].flatMap(([, target = ""]) => {
    const path = join(dirname(file), target);
    const room = roomOf(path);
    if (nameOf(own, file) === nameOf(room, path)) return [];
    return room !== undefined && allowed.includes(room)
      ? []
      : [`${nameOf(own, file)} → ${nameOf(room, path)}`];
  });
}

/** What a file may import besides its own room. A test may look into every source, and into no other room of scripts. */
function roomsFor(file: string, own: Room | undefined): readonly Room[] {
  if (file.endsWith(".test.ts")) return ["tests", ...MAY_IMPORT.tests];
  return own === undefined ? [] : MAY_IMPORT[own];
}

function roomOf(file: string): Room | undefined {
  return ROOM_NAMES.filter((room) => file.startsWith(`${ROOMS[room]}/`))
    .sort((a, b) => ROOMS[a].length - ROOMS[b].length)
    .at(-1);
}

/** The room's name; of the stages, the stage; outside all rooms, the path. */
function nameOf(room: Room | undefined, file: string): string {
  if (room === undefined) return file;
  return room === "stages" ? file.split("/").slice(2, 4).join("/") : room;
}

function isRoom(name: string): name is Room {
  return Object.hasOwn(ROOMS, name);
}
