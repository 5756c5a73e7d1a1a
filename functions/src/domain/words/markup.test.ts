import { expect, test } from "@jest/globals";
import { sameText, withoutMarkup } from "./markup.ts";

test.each([
  ["Tools &amp; toys", "Tools & toys"],
  ["<p>We&nbsp;make <b>toys</b>.</p>", "We make toys."],
  ["<p>One</p><p>Two</p>", "One Two"],
  ["It&#8217;s &#x1F680;", "It’s 🚀"],
  ["a < b and c > d", "a < b and c > d"],
  ["R&D at AT&T", "R&D at AT&T"],
  ["zero\u200bwidth", "zerowidth"],
  ["", ""],
])("%j is shown as %j", (text, shown) => {
  expect(withoutMarkup(text)).toBe(shown);
});

test("looks are all that counts", () => {
  expect(sameText("<b>ﬁne</b>  Corp")).toBe(sameText("Fine Corp"));
});
