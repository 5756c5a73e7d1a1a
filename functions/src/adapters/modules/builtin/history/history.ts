import pMap from "p-map";
import type { ModuleSource } from "../../../../domain/miningModule/miningModule.ts";
import { ModuleError } from "../../../../domain/miningModule/moduleError.ts";
import type { NormalizationMap } from "../../../../domain/normalizationMap/normalizationMap.ts";
import { BlobNotFoundError } from "../../../../domain/rawDocument/blobStore.ts";
import { blobStore } from "../../../blobStore.ts";
import type { BuiltinModule } from "../../builtinModule.ts";
import { type History, parseHistory } from "./historyFile.ts";
import { type HistoryParams, historyFile, parseHistoryParams } from "./historyParams.ts";
import { observationsOf } from "./observations.ts";

const KEYS_HOLD_DAYS = 180;
// One observation is one small Firestore write of some 30 ms; ten at a time file a decade of months in a second.
const FILED_AT_A_TIME = 10;

/**
 * Replays a CSV of dated observations, one raw document for each. Identifier property: `key`, a company's value in
 * the company column. It goes on after the newest observation that it filed last time: rows that a later edition
 * of the file adds further back are not seen.
 */
export const history: BuiltinModule = {
  describe: async (source) => {
    const { file } = await readHistory(source);
    return { frequency: "monthly", map: mapOf(source, file) };
  },

  discover: async ({ name }, source, now) => {
    const { file } = await readHistory(source);
    const wanted = name.trim().toLowerCase();
    return {
      identifiers: { key: [...file.rowsOf.keys()].filter((key) => key.toLowerCase() === wanted) },
      validity: new Date(now.getTime() + KEYS_HOLD_DAYS * 24 * 3_600_000),
    };
  },

  mine: async ({ source, identifiers, cursor, signal, fileRawDocument }) => {
    const { params, file } = await readHistory(source);
    const keys = new Set(Object.values(identifiers).flat());
    const all = observationsOf(file, params, keys);
    const last = all.at(-1);
    if (last === undefined) {
      const asked = [...keys].join(" or ");
      throw new ModuleError("NotFound", `${file.name} has no row where ${params.companyColumn} is ${asked}`, {
        retryable: false,
        blames: "company",
      });
    }
    const after = cursor === undefined ? undefined : new Date(cursor);
    const unseen = after === undefined ? all : all.filter(({ at }) => at > after);
    await pMap(
      unseen,
      ({ at, rawData }) => {
        refuseAfterTimeout(signal, file);
        return fileRawDocument(rawData, at);
      },
      { concurrency: FILED_AT_A_TIME },
    );
    return { cursor: (unseen.at(-1)?.at ?? after ?? last.at).toISOString() };
  },
};

async function readHistory(source: ModuleSource): Promise<{ params: HistoryParams; file: History }> {
  const params = parseHistoryParams(source);
  return { params, file: await parsedOnce(params) };
}

// The calls of a source's companies follow each other. A file of 20 MB takes some 200 MB once it is parsed.
const MAX_KEPT_BYTES = 8 * 1024 * 1024;

let kept: { readonly key: string; readonly file: Promise<History> } | undefined;

/** Parses a version of a file once, for all the companies that are mined from it in a row. Only the last is kept. */
async function parsedOnce(params: HistoryParams): Promise<History> {
  const name = historyFile(params);
  const key = JSON.stringify([await fromStore(name, () => blobStore().version(name)), params]);
  if (kept?.key === key) return kept.file;
  const forget = () => {
    if (kept?.file === file) kept = undefined;
  };
  const file = fromStore(name, () => blobStore().read(name)).then((bytes) => {
    if (bytes.byteLength > MAX_KEPT_BYTES) forget();
    return parseHistory(params, bytes);
  });
  kept = { key, file };
  file.catch(forget);
  return file;
}

async function fromStore<T>(name: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const isMissing = error instanceof BlobNotFoundError;
    const reason = isMissing ? `There is no file ${name} in the blob store` : `${name} could not be read`;
    throw new ModuleError(isMissing ? "NotFound" : "Unreachable", reason, {
      retryable: !isMissing,
      cause: error,
    });
  }
}

function refuseAfterTimeout(signal: AbortSignal, { name }: History): void {
  if (!signal.aborted) return;
  throw new ModuleError("Timeout", `${name} holds more new rows than could be filed in time`, {
    retryable: true,
    cause: signal.reason,
  });
}

function mapOf(source: ModuleSource, file: History): NormalizationMap {
  return {
    Source: source.name,
    Mappings: file.columns.map(({ column, type, measurement }) => ({
      SourceField: column,
      DataType: type,
      MeasurementName: measurement,
    })),
  };
}
