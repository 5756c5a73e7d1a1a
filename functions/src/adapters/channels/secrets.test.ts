import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { readChannelSecret } from "./secrets.ts";

const ID = "parma-analytics-notification-channel-key-5f0c";

describe("from Secret Manager", () => {
  test("the latest version's text is the token", async () => {
    const asked: string[] = [];
    const token = await readChannelSecret(ID, async (id) => {
      asked.push(id);
      return Buffer.from("xoxb-1\n");
    });
    expect([token, asked]).toEqual(["xoxb-1", [ID]]);
  });

  test.each([
    [5, "final", "no longer exists"],
    [7, "final", "Secret Manager Secret Accessor"],
    [9, "final", "was disabled"],
    [14, "passing", "could not be reached"],
  ])("its error %d is %s", async (code, kind, words) => {
    const failing = async () => {
      throw Object.assign(new Error("rpc failed"), { code });
    };
    await expect(readChannelSecret(ID, failing)).rejects.toMatchObject({
      kind,
      message: expect.stringContaining(words),
    });
  });

  test.each([
    "../../other/secrets/x",
    "a/versions/1",
    "",
    "x".repeat(256),
    "database-password",
    `${ID}/versions/1`,
    `other-${ID}`,
    `${ID}\n`,
    `${ID}${"x".repeat(256)}`,
    "parma-analytics-notification-channel-key-",
  ])("the id %p leads nowhere", async (id) => {
    const never = () => Promise.reject(new Error("It was asked"));
    await expect(readChannelSecret(id, never)).rejects.toMatchObject({
      kind: "final",
      message: expect.stringContaining("secret_id"),
    });
  });

  test.each([null, undefined, "", "  \n"])("an empty token (%p) is final", async (payload) => {
    await expect(readChannelSecret(ID, async () => payload)).rejects.toMatchObject({ kind: "final" });
  });
});

describe("from a local file", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "parma-secrets-"));
    const file = join(folder, "secrets.json");
    await writeFile(file, JSON.stringify({ [ID]: "xoxb-local" }));
    process.env["LOCAL_SECRETS_FILE"] = file;
  });
  afterEach(async () => {
    delete process.env["LOCAL_SECRETS_FILE"];
    await rm(folder, { recursive: true });
  });

  test("the secret of that id is the token", async () => {
    await expect(readChannelSecret(ID)).resolves.toBe("xoxb-local");
  });

  test.each([`${ID}-other`, "constructor"])("no secret %p is final", async (id) => {
    await expect(readChannelSecret(id)).rejects.toMatchObject({ kind: "final" });
  });
});
