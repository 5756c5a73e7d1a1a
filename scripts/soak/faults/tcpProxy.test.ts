import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "@jest/globals";
import { listen } from "../../stack/listen.ts";
import { startTcpProxy, type TcpProxy } from "./tcpProxy.ts";

const cleanUp: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of cleanUp.splice(0).reverse()) await stop();
});

/** A proxy before a server that says back what it hears. */
async function echoBehindProxy(): Promise<{ proxy: TcpProxy; accepted: Socket[] }> {
  const accepted: Socket[] = [];
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(socket);
    socket.on("error", () => undefined).pipe(socket);
  });
  const host = await listen(server);
  cleanUp.push(() => new Promise((resolve) => server.close(() => resolve())));
  const proxy = await startTcpProxy();
  cleanUp.push(proxy.stop);
  proxy.connectTo(Number(new URL(`tcp://${host}`).port));
  return { proxy, accepted };
}

function connected({ host }: TcpProxy): Socket {
  const { hostname, port } = new URL(`tcp://${host}`);
  return connect({ host: hostname, port: Number(port), allowHalfOpen: true });
}

async function hear(socket: Socket): Promise<string> {
  const [chunk] = await once(socket, "data");
  return String(chunk);
}

async function errorOf(socket: Socket): Promise<unknown> {
  const [error] = await once(socket, "error");
  return error;
}

test("passes on what either side says, and each side's end by itself", async () => {
  const { proxy } = await echoBehindProxy();
  const socket = connected(proxy);
  socket.end("all of it".repeat(100_000));
  expect(await text(socket)).toBe("all of it".repeat(100_000));
});

test("cuts connections as resets, and takes new ones at once", async () => {
  const { proxy, accepted } = await echoBehindProxy();
  const [one, other] = [connected(proxy), connected(proxy)];
  one.write("a");
  other.write("b");
  expect([await hear(one), await hear(other)]).toEqual(["a", "b"]);
  const errors = Promise.all([errorOf(one), errorOf(other)]);
  const behind = Promise.all(accepted.map(errorOf));
  expect(proxy.cut()).toBe(2);
  for (const ends of [await errors, await behind]) {
    expect(ends).toMatchObject([{ code: "ECONNRESET" }, { code: "ECONNRESET" }]);
  }

  const next = connected(proxy);
  next.write("c");
  expect(await hear(next)).toBe("c");
  next.destroy();
});

test("refuses for a time", async () => {
  const { proxy } = await echoBehindProxy();
  proxy.refuse(60_000);
  expect(await errorOf(connected(proxy))).toMatchObject({ code: "ECONNRESET" });
  proxy.refuse(0);
  const socket = connected(proxy);
  socket.write("again");
  expect(await hear(socket)).toBe("again");
  socket.destroy();
});

test("refuses where nothing stands behind it", async () => {
  const proxy = await startTcpProxy();
  cleanUp.push(proxy.stop);
  expect(await errorOf(connected(proxy))).toMatchObject({ code: "ECONNRESET" });
});

test("holds back what is under way and what is new, and loses none of it", async () => {
  const { proxy } = await echoBehindProxy();
  const socket = connected(proxy);
  socket.write("before ");
  expect(await hear(socket)).toBe("before ");
  const started = performance.now();
  proxy.stall(150);
  const late = connected(proxy);
  socket.write("held");
  late.write("late");
  expect(await Promise.all([hear(socket), hear(late)])).toEqual(["held", "late"]);
  expect(performance.now() - started).toBeGreaterThanOrEqual(150);
  socket.destroy();
  late.destroy();
});
