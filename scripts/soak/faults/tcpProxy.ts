import { connect, createServer, type Socket } from "node:net";
import { listen } from "../../stack/listen.ts";
import { whenStopping } from "../../stack/shutdown.ts";

/** Stands between one part of the stack and those that call it, and is transparent until it is told otherwise. */
export interface TcpProxy {
  /** Its own address, as `host:port`. */
  readonly host: string;
  /** Where it passes connections on to; before that it refuses them. */
  connectTo(port: number): void;
  /** Resets every connection in mid-stream. @returns how many there were */
  cut(): number;
  /** Holds back all bytes, both ways, for a time. */
  stall(ms: number): void;
  /** Resets every connection, and each new one for a time. @returns how many there were */
  refuse(ms: number): number;
  stop(): Promise<void>;
}

interface State {
  upstream: number | undefined;
  refusedUntil: number;
  stalledUntil: number;
  readonly sockets: Set<Socket>;
}

/** Starts a proxy on a free port. */
export async function startTcpProxy(): Promise<TcpProxy> {
  const state: State = { upstream: undefined, refusedUntil: 0, stalledUntil: 0, sockets: new Set() };
  // A side that has said all may still listen: closing is passed on as it comes.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => accept(state, client));
  const host = await listen(server);
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      cut(state);
    });
  return {
    host,
    connectTo: (port) => {
      state.upstream = port;
    },
    cut: () => cut(state),
    stall: (ms) => stall(state, ms),
    refuse: (ms) => {
      state.refusedUntil = performance.now() + ms;
      return cut(state);
    },
    stop: whenStopping(stop),
  };
}

function cut({ sockets }: State): number {
  // Two sockets each.
  const connections = Math.ceil(sockets.size / 2);
  for (const socket of sockets) socket.resetAndDestroy();
  return connections;
}

function accept(state: State, client: Socket): void {
  if (state.upstream === undefined || performance.now() < state.refusedUntil) {
    client.on("error", () => undefined).resetAndDestroy();
    return;
  }
  const server = connect({ port: state.upstream, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  passOn(state, client, server);
  passOn(state, server, client);
}

function passOn(state: State, from: Socket, to: Socket): void {
  state.sockets.add(from);
  from.on("data", (chunk) => {
    if (to.write(chunk)) return;
    from.pause();
    to.once("drain", () => {
      if (!isStalled(state)) from.resume();
    });
  });
  if (isStalled(state)) from.pause();
  from.on("end", () => to.end());
  // A reset is passed on as one: nobody must take half a message for a whole one.
  from.on("error", () => to.resetAndDestroy());
  from.on("close", () => {
    state.sockets.delete(from);
    to.destroy();
  });
}

function isStalled({ stalledUntil }: State): boolean {
  return performance.now() < stalledUntil;
}

function stall(state: State, ms: number): void {
  state.stalledUntil = Math.max(state.stalledUntil, performance.now() + ms);
  for (const socket of state.sockets) socket.pause();
  setTimeout(() => {
    if (isStalled(state)) return;
    for (const socket of state.sockets) socket.resume();
  }, ms + 1).unref();
}
