import { randomInt } from "node:crypto";
import getPort, { portNumbers } from "get-port";
import { UserError } from "../userError.ts";

// Below the range that operating systems use for outgoing connections, which could otherwise take a port between
// our check and the emulator's start.
const lowest = 10_000;
const highest = 32_000;

/** A free port of 127.0.0.1, searched from a random start, so that concurrent runs rarely pick the same one. */
export async function freePort(): Promise<number> {
  const start = randomInt(lowest, highest);
  return getPort({ host: "127.0.0.1", port: portNumbers(start, start + 100) });
}

/** Checks that a requested port is free. */
export async function checkPort(port: number): Promise<void> {
  if ((await getPort({ host: "127.0.0.1", port })) === port) return;
  throw new UserError(
    `Port ${port} is taken. Stop the program that uses it, or choose another port (firebase.json, or start --port).`,
  );
}
