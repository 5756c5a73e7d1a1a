import { afterEach, expect, test } from "@jest/globals";
import { signLink, verifyLink } from "./linkToken.ts";

const environment = { WEB_APP_URL: "https://parma.example.com", PUBLIC_URL: "https://parma.web.app" };
const mute = { act: "mute", user: 1, company: 2 } as const;

const before = process.env;
const withKeys = (secret: string) => {
  process.env = { ...before, ...environment, PARMA_LINK_SECRET: secret };
};
afterEach(() => {
  process.env = before;
});

test("the links of old messages work while their key is the second one, and end with it", async () => {
  withKeys("old");
  const link = await signLink(mute);
  withKeys('["old", "new"]');
  expect(await signLink(mute)).toBe(link);
  withKeys('["new", "old"]');
  const fresh = await signLink(mute);
  expect(fresh).not.toBe(link);
  await expect(verifyLink(link)).resolves.toEqual(mute);
  withKeys("new");
  await expect(verifyLink(link)).resolves.toBeUndefined();
  await expect(verifyLink(fresh)).resolves.toEqual(mute);
});
