import { domainToASCII } from "node:url";
import { z } from "zod";

const address = z.email();
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;
const MAX_LENGTH = 254;
const INTERNATIONAL_LOCAL =
  /^[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~-]+)*$/u;

/**
 * One address in what a person typed: "jane@acme.example", with a name as in "Doe, Jane <jane@acme.example>", or
 * international (RFC 6531; the domain in its ASCII form, RFC 5891).
 *
 * @returns undefined where it is none, or more than one
 */
export function emailAddress(typed: string): string | undefined {
  if (/[\r\n]/.test(typed.trim())) return undefined;
  const bare = withoutName(typed.trim()).normalize("NFC");
  const at = bare.lastIndexOf("@");
  const local = bare.slice(0, at);
  const domain = domainToASCII(bare.slice(at + 1));
  if (at < 1 || !DOMAIN.test(domain) || local.length + domain.length >= MAX_LENGTH) return undefined;
  // What is not ASCII in the local part is checked by itself: the server has to know SMTPUTF8.
  const isLocalPart = /[^\x20-\x7e]/.test(local)
    ? INTERNATIONAL_LOCAL.test(local)
    : address.safeParse(`${local}@acme.example`).success;
  return isLocalPart ? `${local}@${domain}` : undefined;
}

/** "jane@acme.example" of "Doe, Jane <jane@acme.example>". */
function withoutName(text: string): string {
  const [name = "", inner = "", ...more] = text.split("<");
  const isNamed = name.trim() !== "" && more.length === 0 && inner.indexOf(">") === inner.length - 1;
  return isNamed && inner !== "" ? inner.slice(0, -1).trim() : text;
}
