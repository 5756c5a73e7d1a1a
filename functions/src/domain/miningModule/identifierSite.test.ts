import { expect, test } from "@jest/globals";
import { identifierProblem } from "./identifierSite.ts";

test.each([
  ["linkedin", "urls", "https://www.linkedin.com/company/personio"],
  ["linkedin", "urls", "http://linkedin.com/company/personio"],
  ["linkedin-staging", "urls", "https://de.linkedin.com/company/personio"],
  ["crunchbase", "urls", "https://www.crunchbase.com/organization/personio"],
  ["products", "producthunt_url", "https://www.producthunt.com/products/personio"],
  ["github", "handles", "personio"],
  ["reddit", "name", "Personio"],
  ["news", "urls", "https://example.com/feed"],
])("%s takes %s %s", (source, property, value) => {
  expect(identifierProblem(source, property, value)).toBeUndefined();
});

test.each([
  ["linkedin", "urls", "https://acme.com/about", "it is not an address at linkedin.com"],
  ["linkedin", "urls", "https://acme.com/linkedin.com/company/acme", "it is not an address at linkedin.com"],
  ["linkedin", "urls", "https://notlinkedin.com/company/acme", "it is not an address at linkedin.com"],
  [
    "linkedin",
    "urls",
    "https://linkedin.com@evil.example/company/acme",
    "it is not an address at linkedin.com",
  ],
  ["linkedin", "urls", "https://www.linkedin.com", "it names no page of linkedin.com"],
  ["linkedin", "urls", "linkedin.com/company/acme", "it is not an http(s) address"],
  ["crunchbase", "urls", "javascript:alert(1)", "it is not an http(s) address"],
  ["products", "producthunt_url", "https://www.linkedin.com/x", "it is not an address at producthunt.com"],
  ["github", "handles", "  ", "it is empty"],
])("%s does not take %s %s", (source, property, value, problem) => {
  expect(identifierProblem(source, property, value)).toBe(problem);
});
