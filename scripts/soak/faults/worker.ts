import { subscribe } from "node:diagnostics_channel";
import { type IncomingMessage, ServerResponse } from "node:http";
import { connect } from "node:net";

/**
 * Loaded into each process of the functions (`NODE_OPTIONS=--import`): takes its connections through the proxies, and
 * tells who kills processes which one it is, and when it is at work.
 */

const { FUNCTION_TARGET: name, SOAK_WORKERS, SOAK_FIRESTORE_HOST, SOAK_TASKS_HOST } = process.env;

// The emulators themselves, and what they start to read the list of functions, are left alone.
if (name && SOAK_WORKERS && SOAK_FIRESTORE_HOST && SOAK_TASKS_HOST) {
  // The emulators set these two whatever the environment says.
  process.env["FIRESTORE_EMULATOR_HOST"] = SOAK_FIRESTORE_HOST;
  process.env["CLOUD_TASKS_EMULATOR_HOST"] = SOAK_TASKS_HOST;
  reportTo(SOAK_WORKERS, name);
}

function reportTo(address: string, functionName: string): void {
  const url = new URL(`tcp://${address}`);
  const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
  // Who listens has ended, and the emulators with it, perhaps without a word: nobody would end this process.
  socket.on("error", () => socket.destroy()).once("close", () => process.exit(1));
  socket.unref();
  socket.write(`${process.pid} ${functionName}\n`);
  subscribe("http.server.request.start", (message) => {
    const { request, response } = requestOf(message);
    // The emulator asks until a process answers, and would wait in vain for one that was killed before that.
    if (request === undefined || request.url === "/__/health") return;
    socket.write("begin\n");
    response?.once("close", () => socket.write("end\n"));
  });
}

function requestOf(message: unknown): { request?: IncomingMessage; response?: ServerResponse } {
  if (typeof message !== "object" || message === null || !("response" in message)) return {};
  const { response } = message;
  return response instanceof ServerResponse ? { request: response.req, response } : {};
}
