import { expect, test } from "@jest/globals";
import { emailAddress } from "./emailAddress.ts";

test.each([
  ["jane@acme.example", "jane@acme.example"],
  ["  jane.doe+parma@acme.example ", "jane.doe+parma@acme.example"],
  ["Doe, Jane <jane@acme.example>", "jane@acme.example"],
  ['"Doe; Jane" <jane@acme.example>', "jane@acme.example"],
  ["jane@exämple.de", "jane@xn--exmple-cua.de"],
  ["müller@exämple.de", "müller@xn--exmple-cua.de"],
  ["用户@例子.广告", "用户@xn--fsqu00a.xn--4rr70v"],
])("%s is %s", (typed, address) => {
  expect(emailAddress(typed)).toBe(address);
});

test.each([
  "",
  "jane",
  "@acme.example",
  "jane@",
  "jane@acme",
  "jane@acme.example, joe@acme.example",
  "Jane <jane@acme.example> <joe@acme.example>",
  "jane doe@acme.example",
  "mül ler@acme.example",
  "jane@acme.example\nBcc: joe@acme.example",
  `${"a".repeat(300)}@acme.example`,
])("%j is none", (typed) => {
  expect(emailAddress(typed)).toBeUndefined();
});
