import { ModuleError } from "../../../../domain/miningModule/moduleError.ts";
import { normalizationMap } from "../../../../domain/normalizationMap/normalizationMap.ts";
import type { BuiltinModule } from "../../builtinModule.ts";
import { type GithubApi, githubApi } from "./githubApi.ts";
import githubMap from "./githubMap.json" with { type: "json" };
import { rawAnswer } from "./rawAnswer.ts";

const HANDLES_PER_COMPANY = 2;
const HANDLES_HOLD_DAYS = 180;
const DISCOVERY_TIMEOUT_MS = 60_000;

/**
 * Mines GitHub organizations with all their repositories. An identifier is an organization's login, under any
 * property, as with the external module; discovery finds `handles`.
 */
export const github: BuiltinModule = {
  describe: async () => ({ frequency: "weekly", map: normalizationMap.parse(githubMap) }),

  discover: async ({ name }, _source, now) => ({
    identifiers: {
      handles: await githubApi(AbortSignal.timeout(DISCOVERY_TIMEOUT_MS)).searchOrganizations(
        name,
        HANDLES_PER_COMPANY,
      ),
    },
    validity: new Date(now.getTime() + HANDLES_HOLD_DAYS * 24 * 3_600_000),
  }),

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

async function mineOrganization(api: GithubApi, handle: string) {
  const organization = await api.organization(handle);
  return rawAnswer(organization, await api.repositories(organization.login));
}
