import { companyDomain } from "../../../../domain/company/companyKey.ts";
import { ModuleError } from "../../../../domain/miningModule/moduleError.ts";
import { normalizationMap } from "../../../../domain/normalizationMap/normalizationMap.ts";
import type { BuiltinModule } from "../../builtinModule.ts";
import { type GithubApi, type GithubOrganization, githubApi } from "./githubApi.ts";
import githubMap from "./githubMap.json" with { type: "json" };
import { rawAnswer } from "./rawAnswer.ts";

// The right one is seldom further down, and each costs a request.
const ORGANIZATIONS_TO_COMPARE = 5;
const HANDLES_HOLD_DAYS = 180;
const DISCOVERY_TIMEOUT_MS = 60_000;

/**
 * Mines GitHub organizations with all their repositories. An identifier is an organization's login, under any
 * property, as with the external module; discovery finds `handles`: a name alone may be another company's, so an
 * organization is taken only if its website has one of the company's domains. Others are proposed.
 */
export const github: BuiltinModule = {
  describe: async () => ({ frequency: "weekly", map: normalizationMap.parse(githubMap) }),

  discover: async ({ name, domains = [] }, _source, now) => {
    const api = githubApi(AbortSignal.timeout(DISCOVERY_TIMEOUT_MS));
    const organizations: GithubOrganization[] = [];
    for (const login of await api.searchOrganizations(name, ORGANIZATIONS_TO_COMPARE)) {
      organizations.push(await api.organization(login));
    }
    const [own = [], others = []] = [true, false].map((isOwn) =>
      organizations.filter(({ blog }) => domains.includes(companyDomain(blog ?? "") ?? "") === isOwn),
    );
    return {
      identifiers: { handles: own.map(({ login }) => login) },
      validity: new Date(now.getTime() + HANDLES_HOLD_DAYS * 24 * 3_600_000),
      proposals: own.length > 0 ? [] : others.map(proposal),
    };
  },

  mine: async ({ identifiers, signal, fileRawDocument }) => {
    const api = githubApi(signal);
    const failures: ModuleError[] = [];
    // Like the external module, one organization that fails does not keep the others of the company.
    for (const handle of Object.values(identifiers).flat()) {
      try {
        await fileRawDocument(await mineOrganization(api, handle));
      } catch (error) {
        if (!(error instanceof ModuleError)) throw error;
        failures.push(error);
      }
    }
    // Where one of them may pass, the call is worth another try: what is filed already is filed once.
    const failure = failures.find(({ retryable }) => retryable) ?? failures[0];
    if (failure) throw failure;
    return {};
  },
};

function proposal({ login, blog }: GithubOrganization): string {
  const website = blog?.trim() ? `its website is ${blog.trim()}` : "it names no website";
  return `proposed: handles "${login}", if a person confirms it; ${website}`;
}

async function mineOrganization(api: GithubApi, handle: string) {
  const organization = await api.organization(handle);
  return rawAnswer(organization, await api.repositories(organization.login));
}
