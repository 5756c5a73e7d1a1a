import { z } from "zod";
import type { DocumentDeclaration } from "./documentFunction.ts";
import type { DeclaredHttp, HttpDeclaration, RouteDeclaration } from "./http.ts";
import type { JobDeclaration } from "./scheduledJob.ts";
import type { TaskDeclaration } from "./taskFunction.ts";

/** A deployed function with its declaration and its deployment options. */
export type DeployedFunction = ((...args: never[]) => unknown) & {
  readonly __endpoint: Readonly<Record<string, unknown>>;
  readonly declaration: HttpDeclaration | TaskDeclaration | JobDeclaration | DocumentDeclaration;
};

const deployed = z.record(
  z.string(),
  z.custom<DeployedFunction>((it) => typeof it === "function" && "__endpoint" in it && "declaration" in it),
);

/** What main.cts exports, by name. */
export function functionsOf(exported: object): Readonly<Record<string, DeployedFunction>> {
  return deployed.parse({ ...exported });
}

/** A declared route: where it is, and what it declares. */
export interface DeclaredRoute {
  readonly functionName: string;
  readonly method: string;
  /** Behind Hosting, an id as `:id`. */
  readonly path: string;
  readonly declaration: RouteDeclaration;
}

/** All routes of all HTTP functions. Loads their files. */
export async function routesOf(
  functions: Readonly<Record<string, DeployedFunction>>,
): Promise<DeclaredRoute[]> {
  const routes = await Promise.all(
    Object.entries(functions).map(async ([functionName, it]) => {
      if (!isHttp(it)) return [];
      const base = it.declaration.path;
      return Object.entries(await it.loadPaths()).flatMap(([below, methods]) =>
        Object.entries(methods ?? {}).map(([method, { declaration }]) => ({
          functionName,
          method,
          path: below === "/" ? base : `${base}${below}`,
          declaration,
        })),
      );
    }),
  );
  return routes.flat();
}

function isHttp(it: DeployedFunction): it is DeployedFunction & DeclaredHttp {
  return "loadPaths" in it;
}
