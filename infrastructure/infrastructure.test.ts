import { execFileSync } from "node:child_process";
import { chmodSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { databaseMaxConnections, REGION } from "../functions/src/platform/config.ts";
import { LOG_EVENTS } from "../functions/src/platform/logEvents.ts";
import { settingList } from "../functions/src/platform/settings.ts";
import { deployedFunctions } from "../functions/test/deployedFunctions.ts";

/** The parser. Its declarations would bring in the DOM's types, which differ from Node's, so they are not imported. */
const { parse } = z
  .object({ parse: z.custom<Parse>((it) => typeof it === "function") })
  .parse(require("@cdktf/hcl2json"));
type Parse = (name: string, text: string) => Promise<unknown>;

const ROOT = join(__dirname, "..");
const PROJECT = "demo-parma";
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

const rights = z.record(z.string(), z.array(z.string()));
const alerts = z.record(z.string(), z.object({ event: z.string(), filter: z.string() }));
const named = z.record(z.string(), z.record(z.string(), z.array(z.record(z.string(), z.unknown()))));

/** A file of Terraform: expressions stay text, `${…}`; what is literal becomes a value. */
const file = z.object({
  resource: named.default({}),
  locals: z.array(z.record(z.string(), z.unknown())).default([]),
  output: z.record(z.string(), z.array(z.object({ value: z.unknown() }))).default({}),
  variable: z.record(z.string(), z.array(z.record(z.string(), z.unknown()))).default({}),
  module: z.record(z.string(), z.array(z.record(z.string(), z.unknown()))).default({}),
});

async function readTerraform(path: string): Promise<z.output<typeof file>> {
  return file.parse(await parse(path, read(`infrastructure/${path}`)));
}

const files = globSync("*/*.tf", { cwd: __dirname });
let terraform: Map<string, z.output<typeof file>>;

beforeAll(async () => {
  terraform = new Map(
    await Promise.all(files.map(async (path) => [path, await readTerraform(path)] as const)),
  );
});

function local(name: string): unknown {
  const found = [...terraform.values()].flatMap(({ locals }) => locals).find((it) => name in it);
  return found?.[name];
}

const accounts = () =>
  z
    .record(z.string(), z.object({ rights: z.array(z.string()), secrets: z.array(z.string()) }))
    .parse(local("accounts"));

test("every file is Terraform, and what is not is refused", async () => {
  expect(files.length).toBeGreaterThan(10);
  expect([...terraform.keys()]).toEqual(files);
  await expect(parse("broken.tf", 'resource "a" "b" {')).rejects.toThrow();
});

test("staging and prod give every variable of the module that has no default", () => {
  const variables = Object.entries(terraform.get("module/variables.tf")?.variable ?? {});
  const needed = variables.filter(([, [it]]) => it !== undefined && !("default" in it)).map(([name]) => name);
  const known = variables.map(([name]) => name);
  expect(needed).toContain("operator_email");
  for (const stage of ["staging", "prod"]) {
    const given = Object.keys(terraform.get(`${stage}/main.tf`)?.module["parma"]?.[0] ?? {});
    expect(needed.filter((name) => !given.includes(name))).toEqual([]);
    expect(given.filter((name) => name !== "source" && !known.includes(name))).toEqual([]);
  }
});

test("the region and the projects are those of the functions", () => {
  const region = terraform.get("module/variables.tf")?.variable["region"]?.[0];
  expect(region?.["default"]).toBe(REGION);
  const { projects } = z
    .object({ projects: z.record(z.string(), z.string()) })
    .parse(JSON.parse(read(".firebaserc")));
  for (const stage of ["staging", "prod"]) {
    const given = terraform.get(`${stage}/main.tf`)?.module["parma"]?.[0];
    expect(given).toMatchObject({ stage, project: projects[stage] });
  }
});

describe("service accounts", () => {
  const declared = new Map<string, { secrets: Set<string>; triggers: Set<string> }>();

  beforeAll(() => {
    Object.assign(process.env, { SERVICE_ACCOUNTS: "separate", GCLOUD_PROJECT: PROJECT });
    for (const { __endpoint: endpoint } of Object.values(deployedFunctions())) {
      const account = /^parma-(\w+)@/.exec(String(endpoint["serviceAccountEmail"]))?.[1] ?? "none";
      const of = declared.get(account) ?? { secrets: new Set(), triggers: new Set() };
      declared.set(account, of);
      const secrets = z
        .array(z.object({ key: z.string() }))
        .default([])
        .parse(endpoint["secretEnvironmentVariables"]);
      for (const { key } of secrets) of.secrets.add(key);
      for (const trigger of ["eventTrigger", "scheduleTrigger"])
        if (trigger in endpoint) of.triggers.add(trigger);
    }
  });
  afterAll(() => {
    delete process.env["SERVICE_ACCOUNTS"];
  });

  test("are those that the functions run as", () => {
    expect(new Set(Object.keys(accounts()))).toEqual(new Set(declared.keys()));
  });

  test("read the secrets that their functions declare, and no others", () => {
    const secretsOf = (all: Iterable<[string, Iterable<string>]>) =>
      Object.fromEntries([...all].map(([name, secrets]) => [name, new Set(secrets)]));
    expect(secretsOf(Object.entries(accounts()).map(([name, { secrets }]) => [name, secrets]))).toEqual(
      secretsOf([...declared].map(([name, { secrets }]) => [name, secrets])),
    );
  });

  test("may take events, and be called by Cloud Scheduler, where a function of theirs is", () => {
    const roles = rights.parse(local("project_roles"));
    for (const [name, { triggers }] of declared) {
      const has = new Set(accounts()[name]?.rights.flatMap((right) => roles[right] ?? []));
      if (triggers.has("eventTrigger")) expect(has).toContain("roles/eventarc.eventReceiver");
      if (triggers.size > 0) expect(has).toContain("roles/run.invoker");
    }
  });

  test("have the same roles as scripts/service-accounts gives them", () => {
    const asked = askedOfGcloud(PROJECT, "europe-west1:db", "bucket");
    const byScript = asked.flatMap((line) => {
      const [, account] = /serviceAccount:parma-(\w+)@/.exec(line) ?? [];
      const [role] = /roles\/[\w.]+/.exec(line) ?? [];
      return account && role ? [`${account} ${role}`] : [];
    });
    expect(byScript.length).toBeGreaterThan(30);
    expect(new Set(byScript)).toEqual(new Set(byTerraform()));
  });

  function byTerraform(): string[] {
    const ofProject = rights.parse(local("project_roles"));
    const single = { ...roleByRight("bucket_roles"), ...roleByRight("slack_token_roles") };
    const always = z.array(z.string()).parse(local("database_roles"));
    return Object.entries(accounts()).flatMap(([account, wanted]) => {
      const roles = wanted.rights.flatMap(
        (right) => ofProject[right] ?? [single[right] ?? `no role for ${right}`],
      );
      const self = wanted.rights.includes("tasks") ? ["roles/iam.serviceAccountUser"] : [];
      return [...always, ...roles, ...self].map((role) => `${account} ${role}`);
    });
  }

  const roleByRight = (name: string) => z.record(z.string(), z.string()).parse(local(name));
});

/** What scripts/service-accounts asks of gcloud, by a gcloud that only writes it down. */
function askedOfGcloud(...args: string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "gcloud-"));
  try {
    const log = join(folder, "log");
    writeFileSync(join(folder, "gcloud"), '#!/bin/sh\nprintf "%s\\n" "$*" >>"$GCLOUD_LOG"\necho 4711\n');
    chmodSync(join(folder, "gcloud"), 0o755);
    execFileSync(join(ROOT, "scripts/service-accounts"), args, {
      env: { ...process.env, PATH: `${folder}:${process.env["PATH"]}`, GCLOUD_LOG: log },
    });
    return readFileSync(log, "utf8").trim().split("\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the outputs are variables of the deploy workflow, which others of its settings are not", () => {
  const used = [...read(".github/workflows/deploy.yml").matchAll(/vars\.(\w+)/g)].map(([, name]) => name);
  const output = terraform.get("module/outputs.tf")?.output["deploy_variables"]?.[0]?.value;
  const given = Object.keys(z.record(z.string(), z.unknown()).parse(output));
  expect(given.filter((name) => !used.includes(name))).toEqual([]);
  // What has a default is set by a person who wants another value.
  const needed = settingList.filter(({ schema, setBy }) => !(setBy || schema.safeParse(undefined).success));
  const variables = needed.filter(({ isSecret }) => !isSecret).map(({ name }) => name);
  expect(variables.filter((name) => !given.includes(name))).toEqual([]);
});

test("the server takes as many connections as the functions are told", () => {
  for (const stage of ["staging", "prod"]) {
    const given = terraform.get(`${stage}/main.tf`)?.module["parma"]?.[0];
    expect(given?.["database_max_connections"]).toBeGreaterThanOrEqual(databaseMaxConnections({}));
  }
});

describe("alerts", () => {
  const all = () => ({ ...alerts.parse(local("event_alerts")), ...alerts.parse(local("silence_alerts")) });

  test("count events that the functions log, by fields that they have", () => {
    for (const { event, filter } of Object.values(all())) {
      expect(Object.keys(LOG_EVENTS)).toContain(event);
      for (const [, field] of filter.matchAll(/jsonPayload\.(\w+)/g)) {
        expect(["state", "failed", "job"]).toContain(field);
      }
    }
  });

  test("have a runbook each, and every runbook an alert", () => {
    const policies = [
      ...read("infrastructure/module/alerts.tf").matchAll(/local\.runbooks}#([\w-]+)/g),
    ].flatMap(([, name = ""]) => (name === "" ? [] : [name]));
    const [, runbooks = ""] = read("docs/operations.md").split("\n## Alerts\n");
    const named = [...runbooks.matchAll(/^### ([\w-]+)$/gm)].map(([, name = ""]) => name);
    expect(new Set(named)).toEqual(new Set([...Object.keys(all()), ...policies]));
  });

  test("on a job name one that there is", () => {
    const jobs = Object.entries(deployedFunctions()).flatMap(([name, { __endpoint }]) =>
      "scheduleTrigger" in __endpoint ? [name] : [],
    );
    const named = Object.values(all()).flatMap(
      ({ filter }) => /jsonPayload\.job="(\w+)"/.exec(filter)?.[1] ?? [],
    );
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((job) => !jobs.includes(job))).toEqual([]);
  });

  test("look back no longer than Cloud Monitoring does", () => {
    const silences = z.record(z.string(), z.object({ seconds: z.number().max(84_600) }));
    expect(silences.safeParse(local("silence_alerts")).error).toBeUndefined();
  });
});

describe("what must not get lost", () => {
  const resource = (type: string) =>
    [...terraform.values()].flatMap((it) => Object.values(it.resource[type] ?? {}).flat());

  test("the database has backups, a way back to a moment, and a lock against deletion", () => {
    expect(resource("google_sql_database_instance")).toMatchObject([
      {
        database_version: "POSTGRES_18",
        deletion_protection: true,
        settings: [
          {
            backup_configuration: [{ enabled: true, point_in_time_recovery_enabled: true }],
            database_flags: [
              { name: "max_connections" },
              { name: "cloudsql.iam_authentication", value: "on" },
            ],
          },
        ],
      },
    ]);
  });

  test("the bucket is closed to the public, keeps versions, and is not Firebase's", () => {
    const [bucket] = resource("google_storage_bucket");
    expect(bucket).toMatchObject({
      uniform_bucket_level_access: true,
      public_access_prevention: "enforced",
      force_destroy: false,
      versioning: [{ enabled: true }],
    });
    expect(String(bucket?.["name"])).not.toMatch(/appspot\.com|firebasestorage\.app/);
  });

  test("no role is broader than a service", () => {
    const text = files.map((path) => read(`infrastructure/${path}`)).join("\n");
    expect(text).not.toMatch(/roles\/(owner|editor|viewer|iam\.securityAdmin)"/);
    expect(text).not.toMatch(/allUsers|allAuthenticatedUsers|0\.0\.0\.0\/0/);
  });
});
