import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { freePort } from "../../../scripts/stack/ports.ts";

const run = promisify(execFile);
const ROOT = join(__dirname, "../../..");

/** As a newcomer's terminal has it: whichever Node and Java the machine has. */
const ENV = {
  ...process.env,
  PATH: (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => !folder.includes(join(".local", "node")))
    .join(delimiter),
};

// What runs while the emulators do: a call through Hosting that reads the database.
const SCRIPT = `node -e "
  fetch('http://' + process.env.HOSTED + '/schedule', { method: 'POST' })
    .then(async (answer) => { console.log('answered', answer.status, await answer.text()); process.exitCode = 7; })"`;

test("npx firebase emulators:exec works after scripts/dev setup, and ends with the exit code of its script", async () => {
  const folder = await mkdtemp(join(tmpdir(), "parma-firebase-"));
  try {
    await makeRouted();
    const hosting = await freePort();
    const config = join(folder, "firebase.json");
    const project = JSON.parse(await readFile(join(ROOT, "firebase.json"), "utf8"));
    await writeFile(config, JSON.stringify({ ...project, emulators: { hosting: { port: hosting } } }));
    const ended = run("npx", ["firebase", "emulators:exec", "--config", config, SCRIPT], {
      cwd: ROOT,
      env: { ...ENV, HOSTED: `127.0.0.1:${hosting}` },
    });
    await expect(ended).rejects.toMatchObject({
      code: 7,
      stdout: expect.stringMatching(/answered 200 \{"message":"Scheduled"/),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 180_000);

/** Lets `npx firebase` run through scripts/dev, which an install by `scripts/dev` has already done. */
async function makeRouted(): Promise<void> {
  const program = await readFile(join(ROOT, "node_modules", ".bin", "firebase"), "utf8");
  if (!program.includes("scripts/dev")) await run(join(ROOT, "scripts", "dev"), ["setup"], { env: ENV });
}
