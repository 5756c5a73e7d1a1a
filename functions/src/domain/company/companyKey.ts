import { domainToASCII } from "node:url";
import { getDomain } from "tldts";
import sharedDomains from "./sharedDomains.json" with { type: "json" };

/**
 * A company's name as names are compared: two spellings that a reader takes for one name have the same key. Compatible
 * characters (NFKC), case, white space, invisible characters and dots at the end make no difference; accents and
 * scripts do.
 *
 * @returns "" where nothing of a name is left
 */
export function companyNameKey(name: string): string {
  return folded(name.normalize("NFKC").replace(/\p{Default_Ignorable_Code_Point}|\p{Cf}/gu, ""))
    .replace(/[\s\p{Cc}]+/gu, " ")
    .replace(/(?<![.\s])[.\s]+$/, "")
    .trim()
    .replace(/^[.\s]+$/, "");
}

/**
 * Case folding without a locale, by way of upper case: ß is ss, and both sigmas are one. The dotless ı has no upper
 * case of its own and stays what it is (Unicode, CaseFolding.txt: status T is left out).
 */
function folded(text: string): string {
  return Array.from(text, (character) =>
    character === "ı" ? character : character.toUpperCase().toLowerCase(),
  )
    .join("")
    .normalize("NFKC");
}

const SHARED: ReadonlySet<string> = new Set(Object.values(sharedDomains).flat());

/**
 * The domain that identifies a company: the registrable one (Public Suffix List, private suffixes such as github.io
 * included), in ASCII.
 *
 * @param text a domain, host or web address
 * @returns undefined where there is none, and where many companies share it: a mail provider, a code host, a site builder
 */
export function companyDomain(text: string): string | undefined {
  const host = hostOf(text.trim());
  const domain = host === undefined ? null : getDomain(host, { allowPrivateDomains: true });
  if (domain === null || SHARED.has(domain)) return undefined;
  return domain;
}

// RFC 1035: a name in text has at most 253 characters.
const MAX_HOST = 253;

function hostOf(text: string): string | undefined {
  const bare = /^(?:[a-z][a-z0-9+.-]*:)?\/\/(?:[^/?#@]*@)?([^/?#]*)|^(?:[^/?#@]*@)?([^/?#]*)/i.exec(text);
  const host = domainToASCII((bare?.[1] ?? bare?.[2] ?? "").replace(/:\d*$/, "").replace(/\.$/, ""));
  return host === "" || host.length > MAX_HOST ? undefined : host;
}
