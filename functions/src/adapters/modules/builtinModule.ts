import type {
  Discovery,
  Identifiers,
  ModuleCompany,
  ModuleDescription,
  ModuleSource,
} from "../../domain/miningModule/miningModule.ts";
import type { RawObject } from "../../domain/rawDocument/losslessJson.ts";

/** What a built-in module gets for one company, and how it files what it finds. */
export interface BuiltinMiningRequest {
  readonly source: ModuleSource;
  readonly company: ModuleCompany;
  readonly identifiers: Identifiers;
  /** What the last completed call for this company returned, or undefined at the first. */
  readonly cursor: string | undefined;
  readonly signal: AbortSignal;
  readonly now: Date;
  /** Keeps one raw answer, durably. Filing the same answer again changes nothing. */
  fileRawDocument(rawData: RawObject, observedAt?: Date): Promise<void>;
}

/** A mining module inside this project: a folder below `builtin/`, and a line in `builtin/index.ts`. */
export interface BuiltinModule {
  describe(source: ModuleSource): Promise<ModuleDescription>;
  discover(company: ModuleCompany, source: ModuleSource, now: Date): Promise<Discovery>;
  /** Mines one company. @returns the cursor to go on from next time, if it keeps one. */
  mine(request: BuiltinMiningRequest): Promise<{ cursor?: string }>;
}
