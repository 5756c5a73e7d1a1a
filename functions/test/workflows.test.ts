import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parseDocument } from "yaml";
import { z } from "zod";

const ROOT = join(__dirname, "../..");
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

const step = z.object({ uses: z.string().optional(), run: z.string().optional() });
const job = z.object({
  uses: z.string().optional(),
  "timeout-minutes": z.int().optional(),
  steps: z.array(step).default([]),
});
const workflow = z.object({
  on: z.record(z.string(), z.unknown()),
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(z.string(), job),
});

const files = globSync(".github/workflows/*.yml", { cwd: ROOT });

test("there are workflows for tests, deployments and releases", () => {
  expect(files.map((file) => file.replace(/^.*\//, "")).toSorted()).toEqual([
    "deploy.yml",
    "release.yml",
    "test.yml",
  ]);
});

describe.each(files)("%s", (file) => {
  const text = read(file);
  const document = parseDocument(text, { uniqueKeys: true });
  const { jobs } = workflow.parse(document.toJS());

  test("is YAML without a doubled key", () => {
    expect([...document.errors, ...document.warnings]).toEqual([]);
  });

  test("pins every action by its commit, with the version beside it", () => {
    const lines = text.split("\n").filter((line) => /^\s*(?:- )?uses:/.test(line));
    const used = Object.values(jobs).flatMap(({ uses, steps }) => [uses, ...steps.map((one) => one.uses)]);
    expect(lines).toHaveLength(used.filter((one) => one !== undefined).length);
    const unpinned = lines.filter(
      (line) => !/uses: (?:\.\/\S+|[\w.-]+\/\S+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/.test(line),
    );
    expect(unpinned).toEqual([]);
  });

  test("limits the time of every job", () => {
    const unlimited = Object.entries(jobs).filter(
      ([, one]) => one.uses === undefined && one["timeout-minutes"] === undefined,
    );
    expect(unlimited.map(([name]) => name)).toEqual([]);
  });
});

test("a deployment migrates before the functions are there, and removes what is old after it", () => {
  const { jobs } = workflow.parse(parseDocument(read(".github/workflows/deploy.yml")).toJS());
  const commands = (jobs["deploy"]?.steps ?? []).map(({ run = "" }) => run);
  const placeOf = (pattern: RegExp) => commands.findIndex((command) => pattern.test(command));
  const places = [/scripts\/dev migrate$/m, /firebase deploy/, /scripts\/dev migrate --after-deploy/].map(
    placeOf,
  );
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
});

test("a release has one version in every file", () => {
  const version = z.object({ version: z.string() });
  const config = z
    .object({
      packages: z.object({
        ".": z.object({ "extra-files": z.array(z.object({ path: z.string(), jsonpath: z.string() })) }),
      }),
    })
    .parse(JSON.parse(read("release-please-config.json")));
  const manifest = z.object({ ".": z.string() }).parse(JSON.parse(read(".release-please-manifest.json")));
  const named = config.packages["."]["extra-files"].map(({ path }) => path);
  expect(new Set(named)).toEqual(new Set(["functions/package.json", "functions/package-lock.json"]));
  for (const file of ["package.json", "package-lock.json", ...named]) {
    expect([file, version.parse(JSON.parse(read(file))).version]).toEqual([file, manifest["."]]);
  }
  expect(read("CHANGELOG.md")).toMatch(new RegExp(`^## \\[?${manifest["."]}\\b`, "m"));
});
