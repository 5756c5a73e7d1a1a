import { z } from "zod";
import { type CrmCompany, type CrmListing, crmCompany } from "../../domain/miningModule/crmCompany.ts";
import type { MiningModule, ModuleSource } from "../../domain/miningModule/miningModule.ts";
import { ModuleError } from "../../domain/miningModule/moduleError.ts";
import { signModuleTokens } from "../../domain/miningModule/moduleToken.ts";
import { decodeHandshake } from "../../domain/normalizationMap/decodeHandshake.ts";
import { storedReason } from "../../platform/errorText.ts";
import { timestamp } from "../../platform/timestamp.ts";
import type { callModule as call } from "./callModule.ts";

// A handshake with a hundred call-backs takes seconds; a discovery scrapes a search page or two.
const HANDSHAKE_SECONDS = 120;
const DISCOVERY_SECONDS = 120;
// A CRM's module reads all of the CRM's pages before it answers.
const LISTING_SECONDS = 240;

// All companies of a CRM, and all errors of a call that are told back, are a few megabytes.
const MAX_LISTING_BYTES = 4 * 1024 * 1024;

const discovery = z.object({
  identifiers: z.record(z.string(), z.record(z.string(), z.array(z.string()))),
  validity: timestamp,
});

// undici takes long to load, and built-in modules are not called by it.
const callModule: typeof call = async (...args) => (await import("./callModule.ts")).callModule(...args);

/** A module that is an HTTP service of its own. */
export function externalModule(source: ModuleSource): MiningModule {
  const shortTokens = (now: Date, lifeSeconds: number) =>
    signModuleTokens({ sourceId: source.id }, { now, lifeSeconds });

  return {
    async describe(now) {
      const answer = await callModule(source.endpoint, `initialize?source_id=${source.id}`, {
        tokens: await shortTokens(now, HANDSHAKE_SECONDS),
        signal: AbortSignal.timeout(HANDSHAKE_SECONDS * 1000),
      });
      return decodeHandshake(answer);
    },

    async discover(company, now) {
      const answer = await callModule(source.endpoint, "discover", {
        tokens: await shortTokens(now, DISCOVERY_SECONDS),
        body: [{ company_id: String(company.id), name: company.name }],
        signal: AbortSignal.timeout(DISCOVERY_SECONDS * 1000),
      });
      const { identifiers, validity } = parseAnswer(discovery, "discover", answer);
      return { identifiers: identifiers[String(company.id)] ?? {}, validity };
    },

    async mine({ taskId, attempt, company, identifiers, signal, now, tokenLifeSeconds }) {
      const tokens = await signModuleTokens(
        { sourceId: source.id, taskId, attempt, companyId: company?.id },
        { now, lifeSeconds: tokenLifeSeconds },
      );
      const answer = await callModule(source.endpoint, "companies", {
        tokens,
        body: { task_id: taskId, companies: company ? { [company.id]: identifiers } : null },
        signal,
        maxBytes: MAX_LISTING_BYTES,
      });
      return kindOf(answer);
    },

    async listCompanies(now) {
      const answer = await callModule(source.endpoint, "all-companies", {
        tokens: await shortTokens(now, LISTING_SECONDS),
        signal: AbortSignal.timeout(LISTING_SECONDS * 1000),
        maxBytes: MAX_LISTING_BYTES,
      });
      return listingOf(parseAnswer(z.array(z.unknown()), "all-companies", answer));
    },
  };
}

/** What a module answered, in a few words. */
function kindOf(answer: string): string {
  const text = answer.trim();
  if (text === "") return "nothing";
  if (/^<(?:!doctype|html|head|body|\?xml)\b/i.test(text)) return "an HTML page";
  return `"${storedReason(text.replaceAll(/\s+/g, " "), 100)}"`;
}

/** Each entry stands for itself: one that is odd does not cost the others. */
function listingOf(entries: readonly unknown[]): CrmListing {
  const companies: CrmCompany[] = [];
  const refused: string[] = [];
  for (const [index, entry] of entries.entries()) {
    const parsed = crmCompany.safeParse(entry);
    if (parsed.success) companies.push(parsed.data);
    else refused.push(`entry ${index + 1}: ${storedReason(z.prettifyError(parsed.error), 200)}`);
  }
  return { companies, refused };
}

function parseAnswer<S extends z.ZodType>(schema: S, path: string, answer: string): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(answer);
  } catch (error) {
    throw invalidAnswer(path, "it is not JSON", error);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalidAnswer(path, z.prettifyError(parsed.error), parsed.error);
}

function invalidAnswer(path: string, reason: string, cause: unknown): ModuleError {
  return new ModuleError("InvalidAnswer", `The module's answer to /${path} cannot be used: ${reason}`, {
    retryable: false,
    cause,
  });
}
