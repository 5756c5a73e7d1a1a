import { describe, expect, test } from "@jest/globals";
import fc from "../../../test/properties.ts";
import { companyDomain, companyNameKey } from "./companyKey.ts";

describe("names", () => {
  test.each([
    ["composed and decomposed", "Zürich Café AG".normalize("NFC"), "Zürich Café AG".normalize("NFD")],
    ["case", "Zürich Café AG", "ZÜRICH CAFÉ AG"],
    ["ß", "Straße GmbH", "STRASSE GmbH"],
    ["final sigma", "ΟΔΟΣ", "οδος"],
    ["Cyrillic", "Яндекс", "яндекс"],
    ["white space", "Acme\u00a0 Zero\n", "Acme Zero"],
    ["invisible characters", "\u200bAcme\u2060 Zero\ufeff", "Acme Zero"],
    ["dots at the end", "Acme Inc.", "Acme Inc"],
    ["ligatures", "ﬁne Corp", "fine Corp"],
    ["full width", "ＡＣＭＥ", "acme"],
  ])("%s: one company", (_, a, b) => {
    expect(companyNameKey(a)).toBe(companyNameKey(b));
    expect(companyNameKey(a)).not.toBe("");
  });

  test.each([
    ["accents", "Resume", "Résumé"],
    ["scripts", "アクメ株式会社", "グロベックス合同会社"],
    ["dotted and dotless i", "Yazilim", "Yazılım"],
    ["a dot inside", "Book.ing", "Booking"],
    ["words", "Acme Zero", "AcmeZero"],
  ])("%s: two companies", (_, a, b) => {
    expect(companyNameKey(a)).not.toBe(companyNameKey(b));
  });

  test.each(["", " ", "．．", "\u200b", ". ."])("%p is no name", (name) => {
    expect(companyNameKey(name)).toBe("");
  });

  test("a key is its own key", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        expect(companyNameKey(companyNameKey(name))).toBe(companyNameKey(name));
      }),
    );
  });
});

describe("domains", () => {
  test.each([
    ["mercury.com", "mercury.com"],
    ["www.Mercury.com", "mercury.com"],
    ["https://app.mercury.com:8443/login?x=1", "mercury.com"],
    ["//mercury.com/", "mercury.com"],
    ["hello@mercury.com", "mercury.com"],
    ["mercury.co.uk", "mercury.co.uk"],
    ["mercury.com.", "mercury.com"],
    ["müller.de", "xn--mller-kva.de"],
    ["xn--mller-kva.de", "xn--mller-kva.de"],
    ["acme.github.io", "acme.github.io"],
    ["www.acme.github.io", "acme.github.io"],
  ])("%s is identified by %s", (text, domain) => {
    expect(companyDomain(text)).toBe(domain);
  });

  test.each([
    "",
    "github.com",
    "https://github.com/acme",
    "someone@gmail.com",
    "notion.so",
    "acme.notion.so",
    "github.io",
    "co.uk",
    "localhost",
    "127.0.0.1",
    "[::1]",
    "not a domain",
    `${"a".repeat(3000)}.com`,
    "a..b",
  ])("%p identifies nobody", (text) => {
    expect(companyDomain(text)).toBeUndefined();
  });
});
