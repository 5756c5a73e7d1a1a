import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { configurationTable, httpTable } from "../../scripts/stack/docsTables.ts";
import { limitsOf } from "../../scripts/stack/limits.ts";
import { REGION, serviceAccountOf, vpcConfig } from "../src/platform/config.ts";
import { routesOf } from "../src/platform/declared.ts";
import { secretsFor, settingList } from "../src/platform/settings.ts";
import { deployedFunctions } from "./deployedFunctions.ts";

const ROOT = join(__dirname, "../..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

const deployed = deployedFunctions();
const functions = Object.entries(deployed);
const declaredRoutes = () => routesOf(deployed);

describe("each deployed function", () => {
  test.each(functions)(
    "%s has its declared name and limits",
    (name, { declaration, __endpoint: endpoint }) => {
      expect(declaration.name).toBe(name);
      expect(endpoint).toMatchObject({
        region: [REGION],
        maxInstances: declaration.maxInstances,
        timeoutSeconds: declaration.timeoutSeconds,
      });
      expect(declaration.maxInstances).toBeGreaterThan(0);
      const secrets = z
        .array(z.object({ key: z.string() }))
        .default([])
        .parse(endpoint["secretEnvironmentVariables"])
        .map(({ key }) => key);
      expect(secrets).toEqual(secretsFor(declaration.uses ?? []));
    },
  );

  test.each(functions)(
    "%s is called by the queue as often as its instances can take",
    (_name, { declaration }) => {
      if (!("dispatches" in declaration)) return;
      const { maxInstances, concurrency = 80, dispatches } = declaration;
      expect(dispatches.atOnce).toBeLessThanOrEqual(maxInstances * concurrency);
    },
  );
});

test("HTTP functions end before Hosting gives up: it waits for 60 s", () => {
  const limits = functions.flatMap(([name, { declaration }]) =>
    "path" in declaration ? [[name, declaration.timeoutSeconds <= 60]] : [],
  );
  expect(limits.length).toBeGreaterThan(5);
  expect(limits.filter(([, fits]) => !fits)).toEqual([]);
});

describe("connections to PostgreSQL", () => {
  test("are no more than the server takes, with some left for others", () => {
    const { functions: all, total, maxConnections } = limitsOf(deployed);
    expect(new Set(all.map(({ name }) => name))).toEqual(new Set(functions.map(([name]) => name)));
    expect(all).toHaveLength(functions.length);
    expect(total).toBe(all.reduce((sum, it) => sum + it.maxInstances * it.connectionsPerInstance, 0));
    expect(total).toBeLessThanOrEqual(maxConnections * 0.9);
  });
});

test("Hosting sends each function its path, and the paths below it where it has any", async () => {
  const { hosting } = z
    .object({
      hosting: z.object({
        rewrites: z.array(
          z.object({
            source: z.string(),
            function: z.object({ functionId: z.string(), region: z.string() }),
          }),
        ),
      }),
    })
    .parse(JSON.parse(read("firebase.json")));
  const declared = (await declaredRoutes()).map(({ functionName, path }) => {
    const base = `/${path.split("/")[1]}`;
    return `${path === base ? base : `${base}/**`} → ${functionName} in ${REGION}`;
  });
  const rewritten = hosting.rewrites.map(
    ({ source, function: to }) => `${source} → ${to.functionId} in ${to.region}`,
  );
  expect(new Set(rewritten)).toEqual(new Set(declared));
  expect(new Set(rewritten).size).toBe(rewritten.length);
});

test("no two routes answer the same, and each says what it is for", async () => {
  const routes = await declaredRoutes();
  const names = routes.map(({ method, path }) => `${method} ${path}`);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThan(20);
  for (const { declaration, method } of routes) {
    expect(declaration.summary).toMatch(/^\S.+[^.]$/);
    if (method === "GET") expect(declaration.body).toBeUndefined();
  }
});

describe("settings", () => {
  const deployable = settingList.filter(({ setBy }) => setBy === undefined);
  const variables = deployable.filter(({ isSecret }) => !isSecret).map(({ name }) => name);

  test("functions/.env.example has those that a deployment sets, and no secrets", () => {
    const example = read("functions/.env.example");
    const named = [...example.matchAll(/^#?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name);
    expect(new Set(named)).toEqual(new Set(variables));
    expect(named).toHaveLength(variables.length);
  });

  test("the deploy workflow passes all of them on", () => {
    const workflow = read(".github/workflows/deploy.yml");
    const passed = [...workflow.matchAll(/^ +([A-Z][A-Z0-9_]+): \$\{\{ vars\.(\1) \}\}$/gm)].map(
      ([, name]) => name,
    );
    expect(new Set(passed)).toEqual(new Set(variables));
  });

  test("every purpose is some function's", () => {
    const used = new Set(functions.flatMap(([, { declaration }]) => declaration.uses ?? []));
    const purposes = new Set(settingList.flatMap((it) => it.purposes));
    expect(purposes).toEqual(new Set([...used, "database", "deployment"]));
  });
});

describe("docs/", () => {
  const between = (path: string, name: string) =>
    new RegExp(`<!-- ${name} -->\n([\\s\\S]*?)<!-- end -->`).exec(read(path))?.[1];

  // Written by `scripts/dev docs`.
  test("http.md has every route", async () => {
    expect(between("docs/http.md", "routes")).toBe(httpTable(await declaredRoutes()));
  });

  test("configuration.md has every setting", () => {
    expect(between("docs/configuration.md", "settings")).toBe(
      configurationTable(functions.map(([, { declaration }]) => declaration)),
    );
  });
});

describe("a VPC", () => {
  test("is that of the configuration, and none where there is none", () => {
    expect(vpcConfig({})).toEqual({});
    expect(vpcConfig({ VPC_NETWORK: "parma" })).toEqual({
      networkInterface: { network: "parma" },
      vpcEgress: "PRIVATE_RANGES_ONLY",
    });
    expect(vpcConfig({ VPC_SUBNETWORK: "of-a-shared-one", VPC_EGRESS: "ALL_TRAFFIC" })).toEqual({
      networkInterface: { subnetwork: "of-a-shared-one" },
      vpcEgress: "ALL_TRAFFIC",
    });
  });

  test("reaches every function", async () => {
    process.env["VPC_NETWORK"] = "parma";
    const { jest } = await import("@jest/globals");
    jest.isolateModules(() => {
      for (const [name, { __endpoint: endpoint }] of Object.entries(deployedFunctions())) {
        expect([name, endpoint["vpc"]]).toEqual([
          name,
          { networkInterfaces: [{ network: "parma" }], egressSettings: "PRIVATE_RANGES_ONLY" },
        ]);
      }
    });
  });
  afterAll(() => {
    delete process.env["VPC_NETWORK"];
  });
});

test("a function runs as the project's default account unless each stage has its own", () => {
  expect(serviceAccountOf("mine", { GCLOUD_PROJECT: "demo-parma" })).toBeUndefined();
  expect(serviceAccountOf("mine", { GCLOUD_PROJECT: "demo-parma", SERVICE_ACCOUNTS: "separate" })).toBe(
    "parma-mine@demo-parma.iam.gserviceaccount.com",
  );
});
