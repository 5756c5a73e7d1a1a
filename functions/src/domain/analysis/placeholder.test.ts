import { describe, expect, test } from "@jest/globals";
import { placeholderKind } from "./placeholder.ts";
import phrases from "./placeholders.json" with { type: "json" };

describe.each(Object.entries(phrases))("a %s", (kind, list) => {
  test.each(list.flatMap((phrase) => Object.values(phrase)))("is told by “%s”", (words) => {
    expect(placeholderKind(words)).toBe(kind);
    expect(placeholderKind(`  ${words.toUpperCase()}… `)).toBe(kind);
  });
});

test.each([
  ["Just a moment...", "challenge"],
  ["Just a moment… | acme.com", "challenge"],
  ["Access denied | acme.com used Cloudflare to restrict access", "refusal"],
  ["We value your privacy. Accept all cookies", "cookie wall"],
  ["Log In or Sign Up", "login wall"],
  ["Log in | Acme", "login wall"],
  ["Acme – Login", "login wall"],
  ["You don’t have permission to access / on this server.", "refusal"],
  ["Page not found - Acme", "error page"],
])("%s is a %s", (text, kind) => {
  expect(placeholderKind(text)).toBe(kind);
});

test.each([
  "Acme builds rockets",
  "Log in once, and your team is signed in everywhere",
  "Login security for banks",
  "A moment of calm: the meditation app",
  "We make access control: no more “access denied” for your guests",
  "Error tracking for developers",
  "Maintenance software for wind parks",
  "Coming soon to Berlin: our second office",
  "The captcha that people like",
  "Not found a job yet? We help",
  "Acme | Login | Pricing | About us",
  "404 Media raises $4M",
  "",
])("“%s” may be content", (text) => {
  expect(placeholderKind(text)).toBeUndefined();
});

test("a long text has content behind its cookie notice", () => {
  expect(placeholderKind(`We use cookies. ${"Acme builds rockets. ".repeat(50)}`)).toBeUndefined();
});
