import { randomInt } from "node:crypto";
import getPort, { portNumbers } from "get-port";
import { UserError } from "../userError.ts";

// Below the ports that operating systems give to outgoing connections, which would otherwise take one between
// our look and the emulator's start.
const lowest = 10_000;
const highest = 32_000;

/** A free port of 127.0.0.1, from a random place on, so that two runs at once rarely look at the same ones. */
export async function freePort(): Promise<number> {
  const start = randomInt(lowest, highest);
  return getPort({ host: "127.0.0.1", port: portNumbers(start, start + 100) });
}

/** Checks that a port that was asked for is free. */
export async function checkPort(port: number): Promise<void> {
  if ((await getPort({ host: "127.0.0.1", port })) === port) return;
  throw new UserError(
    `Port ${port} is taken: stop the program that listens there, or name another port (firebase.json, or start --port).`,
  );
}
