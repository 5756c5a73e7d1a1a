import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { fetch } from "undici";
import { z } from "zod";
import { moduleNetworksConfig } from "./config.ts";
import {
  AnswerTooLargeError,
  ForbiddenAddressError,
  mayCall,
  outgoingAgent,
  type Resolve,
  readAtMost,
} from "./outgoing.ts";

describe("in production may be called", () => {
  test.each(["8.8.8.8", "172.32.0.1", "100.128.0.1", "2a00:1450:4001:830::200e", "::ffff:8.8.8.8"])(
    "%s",
    (address) => expect(mayCall(address, [])).toBe(true),
  );
});

describe("in production must not be called", () => {
  test.each([
    ["0.0.0.0", "this host"],
    ["0.1.2.3", "this network"],
    ["127.0.0.1", "loopback"],
    ["127.255.255.254", "loopback"],
    ["10.0.0.5", "private"],
    ["172.16.0.1", "private"],
    ["172.31.255.255", "private"],
    ["192.168.1.1", "private"],
    ["100.64.0.1", "carrier-grade NAT"],
    ["169.254.169.254", "metadata"],
    ["192.0.0.192", "another cloud's metadata"],
    ["198.18.0.1", "benchmarks"],
    ["203.0.113.7", "documentation"],
    ["224.0.0.1", "multicast"],
    ["240.0.0.1", "reserved"],
    ["255.255.255.255", "broadcast"],
    ["::", "this host"],
    ["::1", "loopback"],
    ["::ffff:127.0.0.1", "loopback in IPv6"],
    ["::ffff:a9fe:a9fe", "metadata in IPv6"],
    ["::7f00:1", "loopback in the old way"],
    ["64:ff9b::a9fe:a9fe", "metadata behind NAT64"],
    ["64:ff9b:1::a00:5", "private behind a NAT64 of one's own"],
    ["2002:a9fe:a9fe::", "metadata in 6to4"],
    ["2001:0:a9fe:a9fe::", "Teredo"],
    ["fe80::1", "link-local"],
    ["fe80::1%eth0", "link-local with its interface"],
    ["fec0::1", "site-local"],
    ["fc00::1", "unique local"],
    ["fd20:ce::254", "metadata in IPv6"],
    ["ff02::1", "multicast"],
    ["2001:db8::1", "documentation"],
    ["4000::1", "not given to anyone"],
    ["localhost", "no address"],
    ["", "no address"],
  ])("%s (%s)", (address) => expect(mayCall(address, [])).toBe(false));
});

describe("with networks of one's own", () => {
  const networks = ["10.8.0.0/16", "fd00::/8"];
  test.each([
    ["10.8.1.2", true],
    ["::ffff:10.8.1.2", true],
    ["10.9.0.1", false],
    ["fd12::1", true],
    ["fd20:ce::254", false],
    ["8.8.8.8", true],
  ])("%s: %p", (address, may) => expect(mayCall(address, networks)).toBe(may));

  test("metadata stays closed, whatever is listed", () => {
    for (const address of ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "fd20:ce::254"]) {
      expect(mayCall(address, ["0.0.0.0/0", "::/0"])).toBe(false);
    }
  });

  test("what is no network is refused at the start", () => {
    expect(moduleNetworksConfig({ MODULE_NETWORKS: "10.8.0.0/16, fd00::/8" })).toEqual(networks);
    expect(moduleNetworksConfig({})).toEqual([]);
    expect(() => moduleNetworksConfig({ MODULE_NETWORKS: "10.8.0.0" })).toThrow("MODULE_NETWORKS");
  });
});

describe("a connection", () => {
  let server: Server;
  let port: number;
  let hosts: (string | undefined)[];
  let connections = 0;

  beforeAll(async () => {
    hosts = [];
    server = createServer((request, response) => {
      hosts.push(request.headers.host);
      // A new connection for each request, so that each is looked up.
      response.setHeader("Connection", "close");
      response.end("from inside");
    });
    server.on("connection", () => {
      connections += 1;
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    port = z.object({ port: z.number() }).parse(server.address()).port;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  /** Answers the first question with the first addresses, the second with the second … */
  function answering(...answers: string[][]): Resolve {
    let asked = 0;
    return (_hostname, _options, callback) => {
      const addresses = answers[Math.min(asked++, answers.length - 1)] ?? [];
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      );
    };
  }

  async function call(host: string, networks: string[], resolve?: Resolve): Promise<string> {
    const dispatcher = outgoingAgent(() => networks, resolve);
    try {
      return await (await fetch(`http://${host}:${port}/`, { dispatcher })).text();
    } finally {
      await dispatcher.destroy();
    }
  }

  const forbidden = { cause: expect.any(ForbiddenAddressError) };

  test.each([
    "127.0.0.1",
    "localhost",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "127.1",
    "[::ffff:127.0.0.1]",
    "[::1]",
  ])("to %s is not made", async (host) => {
    const before = connections;
    await expect(call(host, [])).rejects.toMatchObject(forbidden);
    expect(connections).toBe(before);
  });

  test("over TLS neither", async () => {
    const dispatcher = outgoingAgent(() => []);
    const before = connections;
    await expect(fetch(`https://127.0.0.1:${port}/`, { dispatcher })).rejects.toMatchObject(forbidden);
    await expect(fetch(`https://localhost:${port}/`, { dispatcher })).rejects.toMatchObject(forbidden);
    expect(connections).toBe(before);
    await dispatcher.destroy();
  });

  test("is made where the network is listed, to the name that was asked for", async () => {
    await expect(call("module.test", ["127.0.0.0/8"], answering(["127.0.0.1"]))).resolves.toBe("from inside");
    expect(hosts.at(-1)).toBe(`module.test:${port}`);
    await expect(call("127.0.0.1", ["127.0.0.0/8"])).resolves.toBe("from inside");
  });

  test("leaves out the addresses that must not be called", async () => {
    const resolve = answering(["10.0.0.1", "127.0.0.1", "169.254.169.254"]);
    await expect(call("module.test", ["127.0.0.0/8"], resolve)).resolves.toBe("from inside");
  });

  test("a name that changes its mind is checked each time that it is connected to", async () => {
    const dispatcher = outgoingAgent(() => ["127.0.0.0/8"], answering(["127.0.0.1"], ["169.254.169.254"]));
    const url = `http://rebound.test:${port}/`;
    await expect(fetch(url, { dispatcher })).resolves.toMatchObject({ status: 200 });
    await expect(fetch(url, { dispatcher })).rejects.toMatchObject(forbidden);
    await dispatcher.destroy();
  });

  test("to a name that is not found says so", async () => {
    const notFound: Resolve = (_hostname, _options, callback) =>
      callback(Object.assign(new Error("not found"), { code: "ENOTFOUND" }), []);
    await expect(call("nowhere.test", [], notFound)).rejects.toMatchObject({ cause: { code: "ENOTFOUND" } });
  });
});

describe("an answer", () => {
  async function* body(chunks: number) {
    for (let sent = 0; sent < chunks; sent += 1) {
      produced += 1;
      yield new TextEncoder().encode("grün");
    }
  }
  let produced = 0;

  test("is read up to its limit", async () => {
    await expect(readAtMost(body(2), 10)).resolves.toBe("grüngrün");
    await expect(readAtMost(null, 10)).resolves.toBe("");
  });

  test("is given up as soon as it is over it", async () => {
    produced = 0;
    await expect(readAtMost(body(1_000_000), 10)).rejects.toThrow(AnswerTooLargeError);
    expect(produced).toBe(3);
  });
});
