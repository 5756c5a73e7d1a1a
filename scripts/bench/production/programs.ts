import { mkdir, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { transformFile } from "@swc/core";
import { z } from "zod";
import { projectDir } from "../../paths.ts";
import { buildFunctions } from "../../stack/build.ts";
import { makeStage } from "../../stack/stage.ts";

/** Folders from which functions run as they are deployed: compiled, and nothing else. */
export interface Programs {
  readonly ours: string;
  /** functions/test/bench/hello.ts */
  readonly hello: string;
  /** functions/test/bench/helloEvent.ts: to know of documents takes the Firestore client, ours or not. */
  readonly helloEvent: string;
  /** functions/test/bench/chain.ts */
  readonly chain: string;
  readonly probe: string;
}

let programs: Promise<Programs> | undefined;

/** Our functions, compiled, and those that they are held against. They are removed when everything stops. */
export function makePrograms(): Promise<Programs> {
  programs ??= compileAll();
  return programs;
}

async function compileAll(): Promise<Programs> {
  const stage = await makeStage();
  await buildFunctions(stage);
  const ours = join(stage, "functions");
  const probe = join(stage, "probe.mjs");
  await compile(join(import.meta.dirname, "probe.ts"), probe);
  return {
    ours,
    hello: await program(stage, "hello"),
    helloEvent: await program(stage, "helloEvent"),
    chain: await program(stage, "chain"),
    probe,
  };
}

async function program(stage: string, name: string): Promise<string> {
  const folder = join(stage, name);
  await mkdir(folder);
  const functions = join(projectDir, "functions");
  await symlink(join(functions, "node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module", main: "lib/index.js" }));
  await mkdir(join(folder, "lib"));
  await compile(join(functions, "test", "bench", `${name}.ts`), join(folder, "lib", "index.js"));
  return folder;
}

/** To JavaScript, so that the process need not do it when it starts. */
async function compile(source: string, target: string): Promise<void> {
  const { code } = await transformFile(source, {
    swcrc: false,
    jsc: { parser: { syntax: "typescript" }, target: "es2022" },
    module: { type: "es6" },
  });
  await writeFile(target, code);
}

const endpoint = z.object({
  concurrency: z.number().default(80).catch(80),
  /** 256 where the function does not say. */
  availableMemoryMb: z.number().default(256).catch(256),
  httpsTrigger: z.unknown().optional(),
  taskQueueTrigger: z.unknown().optional(),
  scheduleTrigger: z.unknown().optional(),
  eventTrigger: z
    .object({
      eventType: z.string(),
      eventFilters: z.object({ database: z.string(), namespace: z.string() }),
      eventFilterPathPatterns: z.object({ document: z.string() }),
    })
    .optional(),
});

/** A function, as its code describes it to whoever deploys it. */
export type Deployed = z.output<typeof endpoint> & { readonly name: string };

const functionsModule = z.record(
  z.string(),
  z.custom<object>((value) => typeof value === "function"),
);

/** The functions of a program, by name. */
export async function functionsOf(folder: string): Promise<ReadonlyMap<string, Deployed>> {
  const found = functionsModule.parse({ ...createRequire(import.meta.url)(folder) });
  return new Map(
    Object.entries(found).map(([name, value]) => [
      name,
      { name, ...endpoint.parse(Reflect.get(value, "__endpoint")) },
    ]),
  );
}
