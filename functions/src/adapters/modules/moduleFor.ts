import type { MiningModule, ModuleSource } from "../../domain/miningModule/miningModule.ts";
import { type BuiltinStores, builtinModuleFor } from "./builtinAdapter.ts";
import { externalModule } from "./external.ts";

const BUILTIN = "builtin:";

/** The module behind a data source's `invocation_endpoint`. @throws ModuleError for a built-in that is not there. */
export function moduleFor(source: ModuleSource, stores: BuiltinStores): MiningModule {
  return source.endpoint.startsWith(BUILTIN)
    ? builtinModuleFor(source.endpoint.slice(BUILTIN.length), source, stores)
    : externalModule(source);
}
