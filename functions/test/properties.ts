import fc from "fast-check";
import { DATA_TYPES } from "../src/domain/normalizationMap/normalizationMap.ts";

/**
 * fast-check with the same cases in every run, so that a change of ours is what makes a test fail. PROPERTY_SEED tries
 * other cases: a number.
 */
fc.configureGlobal({ seed: Number(process.env["PROPERTY_SEED"] ?? 1) });

export default fc;

/** Any type of a field that is no list. */
export const scalarType = fc.constantFrom(...DATA_TYPES.filter((type) => type !== "nested"));
