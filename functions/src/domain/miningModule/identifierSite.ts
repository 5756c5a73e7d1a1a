/** The sites whose pages identify a company at a source, by what the source's name says it is. */
const SITES = [
  { source: "linkedin", site: "linkedin.com" },
  { source: "crunchbase", site: "crunchbase.com" },
  { source: "producthunt", site: "producthunt.com" },
] as const;

/** The properties whose values are page addresses. Others (handles, names, ids) are free text. */
const ADDRESS_PROPERTIES = new Set(["url", "urls", "producthunt_url"]);

/**
 * Says why an identifier must not be sent to the source's module, or undefined where it may.
 *
 * The linkedin and crunchbase modules only log an address of another site and then feed the data of the company
 * before under this company's id, so a wrong address must never reach them.
 */
export function identifierProblem(sourceName: string, property: string, value: string): string | undefined {
  if (value.trim() === "") return "it is empty";
  if (!ADDRESS_PROPERTIES.has(property)) return undefined;
  const url = URL.parse(value);
  if (url?.protocol !== "http:" && url?.protocol !== "https:") return "it is not an http(s) address";
  const site = siteOf(sourceName, property);
  if (site === undefined) return undefined;
  if (url.hostname !== site && !url.hostname.endsWith(`.${site}`)) return `it is not an address at ${site}`;
  return url.pathname === "/" ? `it names no page of ${site}` : undefined;
}

/** An identifier as it is sent: a page address that was written without its scheme gets https. */
export function readIdentifier(property: string, value: string): string {
  const text = value.trim();
  if (!ADDRESS_PROPERTIES.has(property) || /^[a-z][a-z0-9+.-]*:/i.test(text) || !text.includes("."))
    return text;
  return `https://${text.replace(/^\/\//, "")}`;
}

function siteOf(sourceName: string, property: string): string | undefined {
  const name = `${sourceName} ${property}`.toLowerCase();
  return SITES.find(({ source }) => name.includes(source))?.site;
}
