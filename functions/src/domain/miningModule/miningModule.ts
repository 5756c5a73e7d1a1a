import type { NormalizationMap } from "../normalizationMap/normalizationMap.ts";
import type { CrmListing } from "./crmCompany.ts";

type Frequency = "hourly" | "daily" | "weekly" | "monthly";

/** A data source, as far as calling its module needs it. */
export interface ModuleSource {
  readonly id: number;
  readonly name: string;
  /** http(s) URL of an external module, or `builtin:<name>`. */
  readonly endpoint: string;
  readonly additionalParams: unknown;
}

/** What a module says of itself in the handshake. */
export interface ModuleDescription {
  readonly frequency: Frequency;
  readonly map: NormalizationMap;
}

/** Handles of a company at a source, by property: `{ handles: ["personio"] }`. */
export type Identifiers = Readonly<Record<string, readonly string[]>>;

export interface Discovery {
  readonly identifiers: Identifiers;
  /** Until when the identifiers hold. */
  readonly validity: Date;
  /** What may be the company and may be another of its name, one sentence each: for a person to decide. */
  readonly proposals?: readonly string[];
}

export interface ModuleCompany {
  readonly id: number;
  readonly name: string;
  /** Its web domains, those that it shares with nobody: they tell companies of the same name apart. */
  readonly domains?: readonly string[];
}

/** One mining call, as a module gets it. */
export interface MiningRequest {
  readonly taskId: number;
  readonly attempt: number;
  /** Absent for a source that names its companies itself (a CRM). */
  readonly company: ModuleCompany | undefined;
  readonly identifiers: Identifiers;
  /** Aborts when the call has taken as long as it may. */
  readonly signal: AbortSignal;
  readonly now: Date;
  /** The life of the token that an external module is called with. */
  readonly tokenLifeSeconds: number;
}

/**
 * What does the mining for a data source: an external HTTP service, or one built into this project. Every method
 * rejects with a {@link ModuleError} where the module fails.
 */
export interface MiningModule {
  describe(now: Date): Promise<ModuleDescription>;
  discover(company: ModuleCompany, now: Date): Promise<Discovery>;
  /**
   * Resolves when everything that was mined is filed as raw documents.
   *
   * @returns what an external module answered ("an HTML page"), which means nothing unless it also fed or reported
   *   something; undefined for a built-in module
   */
  mine(request: MiningRequest): Promise<string | undefined>;
  /** The companies that a CRM holds; absent where the module is none. */
  listCompanies?(now: Date): Promise<CrmListing>;
}
