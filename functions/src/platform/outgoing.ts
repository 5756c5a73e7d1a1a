import { type LookupAddress, type LookupOptions, lookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";
import { Agent, buildConnector } from "undici";

/** An address that must not be called. */
export class ForbiddenAddressError extends Error {
  override readonly name = "ForbiddenAddressError";

  constructor(host: string) {
    super(`${host} is in no network that may be called`);
  }
}

/** An answer over the size limit. */
export class AnswerTooLargeError extends Error {
  override readonly name = "AnswerTooLargeError";

  constructor(mostBytes: number) {
    super(`The answer is larger than ${mostBytes} bytes`);
  }
}

/** Finds the addresses of a host name, as `dns.lookup` does. */
export type Resolve = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Calls the Internet, and the private networks that `networks` lists, and nothing else. The address is checked when it
 * is connected to, as resolved for this connection, so a name that resolves differently in between does not help.
 *
 * @param networks lists them, as CIDR; asked at each connection
 */
export function outgoingAgent(networks: () => readonly string[], resolve: Resolve = lookup): Agent {
  const allowed = (address: string) => mayCall(address, networks());
  const connector = buildConnector({ timeout: 10_000, lookup: checkedLookup(allowed, resolve) });
  return new Agent({
    // A module may answer only when it has mined everything. The caller's signal limits the time, so undici's own
    // limit of five minutes on the headers must not.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: (options, callback) => {
      // A host that is an address is never looked up.
      if (isIP(options.hostname) !== 0 && !allowed(options.hostname)) {
        queueMicrotask(() => callback(new ForbiddenAddressError(options.hostname), null));
      } else {
        connector(options, callback);
      }
    },
  });
}

function checkedLookup(allowed: (address: string) => boolean, resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      const [first, ...others] = addresses.filter(({ address }) => allowed(address));
      if (first === undefined) return callback(new ForbiddenAddressError(hostname), []);
      if (options.all) return callback(null, [first, ...others]);
      callback(null, first.address, first.family);
    });
  };
}

// The metadata services of Google Cloud and others hand out credentials: no list of networks opens them.
const METADATA = ["169.254.0.0/16", "fe80::/10", "fd20:ce::254/128", "fd00:ec2::254/128"];
// The routed part of IPv6; no module lies outside it.
const IPV6_INTERNET = ["2000::/3"];

/** Whether an address is on the Internet, or in one of `networks`. */
export function mayCall(address: string, networks: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  // An IPv4 address within an IPv6 one is judged as IPv4.
  const parsed = ipaddr.process(address);
  if (isIn(parsed, METADATA)) return false;
  if (isIn(parsed, networks)) return true;
  return parsed.range() === "unicast" && (parsed.kind() === "ipv4" || isIn(parsed, IPV6_INTERNET));
}

function isIn(address: ipaddr.IPv4 | ipaddr.IPv6, networks: readonly string[]): boolean {
  return networks.some((network) => {
    const [base, bits] = ipaddr.parseCIDR(network);
    return base.kind() === address.kind() && address.match(base, bits);
  });
}

/** Reads an answer as text, once it is unpacked. @throws AnswerTooLargeError as soon as it is over `mostBytes` */
export async function readAtMost(body: AsyncIterable<Uint8Array> | null, mostBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > mostBytes) throw new AnswerTooLargeError(mostBytes);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks, length));
}
