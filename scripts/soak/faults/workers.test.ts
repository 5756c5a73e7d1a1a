import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "@jest/globals";
import { stopEverything } from "../../stack/shutdown.ts";
import { randomOf } from "../random.ts";
import { startWorkers, type Workers } from "./workers.ts";

const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await stopEverything();
});

// A function as the emulator runs it: calls to /hang are worked on for ever.
const FUNCTION = `
  import { createServer } from "node:http";
  createServer((request, response) => {
    if (request.url !== "/hang") response.end(process.env.FIRESTORE_EMULATOR_HOST);
  }).listen(0, "127.0.0.1", function () { console.log(this.address().port); });`;

async function startFunction({ env }: Workers, name: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", FUNCTION], {
    env: {
      ...process.env,
      ...env,
      FUNCTION_TARGET: name,
      FIRESTORE_EMULATOR_HOST: "the emulator itself",
      SOAK_FIRESTORE_HOST: "a proxy",
      SOAK_TASKS_HOST: "another proxy",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [port] = await once(createInterface({ input: child.stdout ?? process.stdin }), "line");
  return { child, url: `http://127.0.0.1:${port}` };
}

test("kills a process that is at work, and none that is idle", async () => {
  const workers = await startWorkers();
  const idle = await startFunction(workers, "idle");
  const busy = await startFunction(workers, "busy");
  const calls = await Promise.all([idle, busy].map(({ url }) => fetch(url).then((answer) => answer.text())));
  // Its connections go through the proxies, whatever the emulator says.
  expect(calls).toEqual(["a proxy", "a proxy"]);

  const ended = once(busy.child, "exit");
  const hanging = fetch(`${busy.url}/hang`).catch(() => "no answer");
  expect(await workers.kill(randomOf(1, "kill"), new AbortController().signal)).toBe("busy");
  expect([await ended, await hanging]).toEqual([[null, "SIGKILL"], "no answer"]);
  expect(await (await fetch(idle.url)).text()).toBe("a proxy");
});

test("gives up where it is stopped before one is at work", async () => {
  const workers = await startWorkers();
  await startFunction(workers, "idle");
  expect(await workers.kill(randomOf(1, "kill"), AbortSignal.abort())).toBeUndefined();
});
