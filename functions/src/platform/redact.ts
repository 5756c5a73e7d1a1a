const SECRET_NAME = /(?:SECRET|TOKEN|PASSWORD|KEY)(?:_|$)/;
// Shorter values are switches like "none", and redacting them would hide ordinary words.
const SHORTEST_SECRET = 8;

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // user:password@ of an address
  [/:\/\/[^\s/@]+@/g, "://[redacted]@"],
  // What follows "Bearer".
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, "$1 [redacted]"],
  // Slack, GitHub, OpenAI.
  [/\b(xox[a-z]-|xapp-|gh[a-z]_|github_pat_|sk-)[\w-]{8,}/g, "$1[redacted]"],
  // Query parameters that grant access.
  [/([?&](?:token|key|secret|signature|access_token|api_key)=)[^\s&"']+/gi, "$1[redacted]"],
];

const EMAIL = /(?<![\w.%+-])[\w.%+-]+@[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}/gi;

const DOTTED_RUN = /[\w.-]+/g;

/** A JSON web token has three parts, and its header begins with `eyJ`: `{"` in base64. */
function withoutToken(run: string): string {
  const start = run.indexOf("eyJ");
  if (start === -1 || run.indexOf(".", start) === run.lastIndexOf(".")) return run;
  return `${run.slice(0, start)}[token]`;
}

let known: readonly string[] | undefined;

/** The secrets that this process was started with: longer ones first, since one may hold another. */
function knownSecrets(): readonly string[] {
  known ??= Object.entries(process.env)
    .flatMap(([name, value = ""]) => (SECRET_NAME.test(name) ? keysOf(value) : passwordOf(value)))
    .filter((value) => value.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length);
  return known;
}

/** A secret that is being rotated is a JSON list of two keys. */
function keysOf(value: string): string[] {
  return value.startsWith("[") ? [...value.matchAll(/"([^"]+)"/g)].map(([, key]) => key ?? "") : [value];
}

/** The password in an address, as it stands there and as it is meant. */
function passwordOf(value: string): string[] {
  const password = URL.canParse(value) ? new URL(value).password : "";
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}

/** Removes what no log may hold: secrets, tokens and email addresses. Takes time in proportion to the text's length. */
export function redact(text: string): string {
  let clean = text;
  for (const secret of knownSecrets()) clean = clean.replaceAll(secret, "[secret]");
  clean = clean.replace(DOTTED_RUN, withoutToken);
  for (const [pattern, replacement] of PATTERNS) clean = clean.replace(pattern, replacement);
  return clean.replace(EMAIL, (address) => (isServiceAccount(address) ? address : "[email]"));
}

/** A service account is not a person, and says who did something. */
function isServiceAccount(address: string): boolean {
  return address.toLowerCase().endsWith(".gserviceaccount.com");
}
