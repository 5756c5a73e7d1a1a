import { expect, test } from "@jest/globals";
import { identityOf } from "./subject.ts";

const of = (values: Record<string, string>) =>
  identityOf(Object.entries(values).map(([name, value]) => ({ name, value })));

test.each([
  [
    { "company name": "Personio", "github url": "https://github.com/personio" },
    "https://github.com/personio",
  ],
  [{ "server owner id": "1", "server id": "2", "server name": "x" }, "2"],
  [{ "url for job search": "https://a.com", "linkedin id of company": "7" }, "7"],
  [{ "product name": "Personio", "product tagline": "HR" }, "Personio"],
  [{ tagline: "HR", "video width": "3" }, undefined],
  [{}, undefined],
])("%j is about %s", (values, identity) => {
  expect(of(values)).toBe(identity);
});
