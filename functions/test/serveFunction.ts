import { createRequire } from "node:module";
import { http } from "@google-cloud/functions-framework";
import { getTestServer } from "@google-cloud/functions-framework/testing";
import { functionsOf } from "../src/platform/declared.ts";

/** The program of a process that serves one deployed function (FUNCTION_TARGET), and sends its port to its parent. */
const name = process.env["FUNCTION_TARGET"] ?? "";
const served = functionsOf(createRequire(import.meta.url)("../src/main.cts"))[name];
if (served === undefined) throw new Error(`There is no function ${name}`);
http(name, (request, response) => Reflect.apply(served, undefined, [request, response]));
const server = getTestServer(name).listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.(typeof address === "object" ? address?.port : undefined);
});
