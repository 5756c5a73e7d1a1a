import { linkConfig } from "../../platform/config.ts";
import { type LinkScope, signLink } from "./linkToken.ts";

/** The settings page of the web application. */
export function settingsLink(): string {
  return new URL("/settings", linkConfig().WEB_APP_URL).href;
}

/** The start page of the web application. */
export function appLink(): string {
  return new URL("/", linkConfig().WEB_APP_URL).href;
}

/** A company's page in the web application. */
export function companyLink(companyId: number): string {
  return new URL(`/companies/${companyId}`, linkConfig().WEB_APP_URL).href;
}

/** A link that silences what `scope` says, without a login: by a confirmation, or by a mail client's one click. */
export async function silenceLink(scope: LinkScope): Promise<string> {
  const url = new URL("/unsubscribe", linkConfig().PUBLIC_URL);
  url.searchParams.set("token", await signLink(scope));
  return url.href;
}
