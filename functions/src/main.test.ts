import diagnostics from "node:diagnostics_channel";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, jest, test } from "@jest/globals";
import { deployedFunctions } from "../test/deployedFunctions.ts";

test("every function is deployed, from the file that it is in", async () => {
  const found = new Map<string, unknown>();
  for (const file of globSync("{upkeep.ts,stages/**/{functions,events,jobs}.ts}", { cwd: __dirname })) {
    for (const [name, value] of Object.entries(await import(join(__dirname, file)))) {
      if (typeof value === "function" && "__endpoint" in value) found.set(name, value);
    }
  }
  expect(found.size).toBeGreaterThan(20);
  expect(new Map(Object.entries(deployedFunctions()))).toEqual(found);
});

test("triggers are nowhere else", () => {
  const files = globSync("**/*.ts", { cwd: __dirname, exclude: ["**/*.test.ts", "platform/**"] });
  const withTriggers = files.filter((file) =>
    /from "firebase-functions\/(https|tasks|scheduler|firestore)"|\b(httpFunction|taskFunction|documentFunction|scheduledJob)\(/.test(
      readFileSync(join(__dirname, file), "utf8"),
    ),
  );
  expect(withTriggers.filter((file) => !/^stages\/[\w/]+\/(functions|events|jobs)\.ts$/.test(file))).toEqual(
    [],
  );
});

test("a process loads its function before the first request comes", () => {
  const subscribe = jest.spyOn(diagnostics, "subscribe");
  process.env["FUNCTION_TARGET"] = "newCompany";
  jest.isolateModules(() => require("./main.cts"));
  delete process.env["FUNCTION_TARGET"];
  // It takes the request's body from whoever parses it: see platform/requestBody.ts.
  expect(subscribe).toHaveBeenCalledWith("http.server.request.start", expect.any(Function));
});
