import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import pg from "pg";
import { z } from "zod";

/** Runs in a separate process: starts two real servers, and a program in its own process group. */
const programWith = (dataDir: string) => `
  import { spawn } from "node:child_process";
  import { runFolder } from "${join(__dirname, "run.ts")}";
  import { startPostgres } from "${join(__dirname, "postgres.ts")}";
  const { url } = await startPostgres("");
  const lasting = await startPostgres("", ${JSON.stringify(dataDir)});
  const { path } = await runFolder("test");
  const listen = "const s = require('node:net').createServer().listen(0, '127.0.0.1', () => console.log(s.address().port))";
  const escaped = spawn(process.execPath, ["-e", listen], { detached: true, stdio: ["ignore", "pipe", "ignore"] });
  escaped.stdout.once("data", (port) => console.log(JSON.stringify({ url, lastingUrl: lasting.url, path, port: Number(port) })));
  setInterval(() => {}, 1_000);`;

const NEXT = `
  import { beginRun } from "${join(__dirname, "run.ts")}";
  await beginRun();`;

test("the next run ends what a process killed by SIGKILL left, and leaves a living run's processes alone", async () => {
  const data = await mkdtemp(join(tmpdir(), "parma-data-"));
  // As root, the servers run as another user.
  await chmod(data, 0o755);
  const [dataOfKilled, dataOfLiving] = [join(data, "killed"), join(data, "living")];
  const [killed, living] = [start(programWith(dataOfKilled)), start(programWith(dataOfLiving))];
  try {
    const left = await killed.says();
    const kept = await living.says();
    killed.child.kill("SIGKILL");
    await once(killed.child, "exit");
    await expect(isListening(left.port)).resolves.toBe(true);

    const next = start(NEXT);
    await once(next.child, "exit");

    await expect(isListening(left.port)).resolves.toBe(false);
    expect(existsSync(left.path)).toBe(false);
    await expect(connects(left.url)).resolves.toBe(false);
    await expect(connects(left.lastingUrl)).resolves.toBe(false);
    expect(existsSync(join(dataOfKilled, "PG_VERSION"))).toBe(true);
    await expect(isListening(kept.port)).resolves.toBe(true);
    expect(existsSync(kept.path)).toBe(true);
    await expect(connects(kept.url)).resolves.toBe(true);
    await expect(connects(kept.lastingUrl)).resolves.toBe(true);
  } finally {
    living.child.kill("SIGKILL");
    await once(start(NEXT).child, "exit");
    await rm(data, { recursive: true, force: true });
  }
});

const said = z.object({ url: z.string(), lastingUrl: z.string(), path: z.string(), port: z.int() });

function start(program: string): { child: ChildProcess; says(): Promise<z.output<typeof said>> } {
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return {
    child,
    says: async () => {
      const [line] = await once(child.stdout, "data");
      return said.parse(JSON.parse(String(line)));
    },
  };
}

/** Whether the program still listens; its process id may linger after it has ended. */
async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function connects(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}
