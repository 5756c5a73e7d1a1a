import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { deployedFunctions } from "../../test/deployedFunctions.ts";
import { ownDatabaseUser } from "./ownDatabaseUser.ts";

const PROJECT = "demo-parma";

/** What scripts/service-accounts asks of gcloud, by a gcloud that only writes it down. */
function askedOfGcloud(...args: string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "gcloud-"));
  try {
    const log = join(folder, "log");
    writeFileSync(join(folder, "gcloud"), '#!/bin/sh\nprintf "%s\\n" "$*" >>"$GCLOUD_LOG"\necho 4711\n');
    chmodSync(join(folder, "gcloud"), 0o755);
    execFileSync(join(__dirname, "../../../scripts/service-accounts"), args, {
      env: { ...process.env, PATH: `${folder}:${process.env["PATH"]}`, GCLOUD_LOG: log },
    });
    return readFileSync(log, "utf8").trim().split("\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("with SERVICE_ACCOUNTS=separate", () => {
  let accounts: Map<string, unknown>;
  beforeAll(() => {
    Object.assign(process.env, { SERVICE_ACCOUNTS: "separate", GCLOUD_PROJECT: PROJECT });
    const functions = Object.entries(deployedFunctions());
    accounts = new Map(functions.map(([name, { __endpoint }]) => [name, __endpoint.serviceAccountEmail]));
  });
  afterAll(() => {
    delete process.env["SERVICE_ACCOUNTS"];
  });

  test("every function runs as its stage's account", () => {
    expect(accounts.size).toBeGreaterThan(20);
    const without = [...accounts].filter(([, email]) => !String(email).startsWith("parma-"));
    expect(without.map(([name]) => name)).toEqual([]);
    expect(accounts.get("mineCompany")).toBe(`parma-mine@${PROJECT}.iam.gserviceaccount.com`);
    expect(accounts.get("scheduleTick")).toBe(`parma-schedule@${PROJECT}.iam.gserviceaccount.com`);
    expect(accounts.get("feedRawData")).toBe(`parma-ingest@${PROJECT}.iam.gserviceaccount.com`);
  });

  test("scripts/service-accounts makes sure of all of them, and may be run again", () => {
    const asked = askedOfGcloud(PROJECT, "europe-west1:db", "bucket", "deployer@example.com");
    for (const email of new Set(accounts.values())) {
      expect(asked).toContainEqual(expect.stringContaining(`iam service-accounts describe ${email}`));
      expect(asked).toContainEqual(
        expect.stringMatching(
          new RegExp(`projects add-iam-policy-binding ${PROJECT} .*${email}.*roles/cloudsql.client`),
        ),
      );
    }
    // The stand-in says that they are there.
    expect(asked.filter((line) => line.includes("service-accounts create"))).toEqual([]);
    // What the least of them may.
    const ofLanguage = asked.filter((line) => line.includes("parma-language@") && line.includes("roles/"));
    expect(ofLanguage.map((line) => /roles\/[\w.]+/.exec(line)?.[0])).toEqual([
      "roles/iam.serviceAccountUser",
      "roles/cloudsql.client",
      "roles/cloudsql.instanceUser",
    ]);
  });
});

test("without it, a project deploys without accounts of its own", async () => {
  const { serviceAccountOf } = await import("./config.ts");
  expect(serviceAccountOf("mine", { GCLOUD_PROJECT: PROJECT })).toBeUndefined();
});

test("the database user is the account that the function runs as", async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers["metadata-flavor"]}`);
    response.setHeader("Metadata-Flavor", "Google");
    response.end(`parma-mine@${PROJECT}.iam.gserviceaccount.com`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const address = z.object({ port: z.number() }).parse(server.address());
    process.env["GCE_METADATA_HOST"] = `127.0.0.1:${address.port}`;
    await expect(ownDatabaseUser()).resolves.toBe(`parma-mine@${PROJECT}.iam`);
    expect(asked).toEqual(["/computeMetadata/v1/instance/service-accounts/default/email Google"]);
  } finally {
    delete process.env["GCE_METADATA_HOST"];
    server.closeAllConnections();
    server.close();
  }
});
