import { describe, expect, test } from "@jest/globals";
import { field, replayed, states, titles } from "./replayCase.ts";

const page = [field("headline", "text"), field("about", "paragraph")];
const shown = (headline: string, about: string) => ({ headline, about });
const solar = shown("Solar roofs for schools", "We install solar roofs.");

describe("A page that shows something in place of its content is a data problem, and no news in either direction", () => {
  test.each([
    ["an error page", shown("503 Service Temporarily Unavailable", "nginx")],
    ["a challenge", shown("Just a moment...", "Checking your browser before accessing acme.example")],
    ["a refusal", shown("Access denied", "Error 1020. Cloudflare")],
    ["a cookie wall", shown("Before you continue", "We use cookies. Accept all")],
    ["a maintenance page in German", shown("Wartungsarbeiten", "Wir sind bald zurück.")],
    ["nothing", shown("", "")],
  ])("%s", async (_, instead) => {
    const result = await replayed({ map: page, days: [solar, solar, instead, solar] });
    expect(states(result)).toEqual(["ANALYZED", "ANALYZED", "DATA_PROBLEM", "ANALYZED"]);
    expect(result.documents[2]?.problem).toMatch(/\w/);
    expect(result.news).toEqual([]);
  });

  test("what changes for good is told, compared with what was there before", async () => {
    const instead = shown("Just a moment...", "Checking your browser");
    const result = await replayed({
      map: page,
      days: [solar, solar, instead, shown("Solar roofs for hospitals", "We install solar roofs.")],
    });
    expect(titles(result)).toEqual(["Acme: headline changed"]);
  });
});
