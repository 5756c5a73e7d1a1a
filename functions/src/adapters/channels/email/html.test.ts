import { expect, test } from "@jest/globals";
import fc from "../../../../test/properties.ts";
import { html, lines } from "./html.ts";

test("values are escaped, markup and lists of it are not escaped twice", () => {
  const items = ["<a>", 'b" onload="x'].map((item) => html`<li title="${item}">${item}</li>`);
  expect(html`<ul>${items}</ul>${null}${undefined}${false}${3}`.markup).toBe(
    '<ul><li title="&lt;a&gt;">&lt;a&gt;</li><li title="b&quot; onload=&quot;x">b&quot; onload=&quot;x</li></ul>3',
  );
});

test("whatever the text, it opens no tag and ends no attribute", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(html`${text}`.markup).not.toMatch(/[<>"']|(?!\n)\p{Cc}/u);
    }),
  );
});

test("a range stays on one line", () => {
  expect(html`${"Expected 120–160."} ${"24 Feb – 2 Mar"}`.markup).toBe(
    "Expected 120–&#8288;160. 24 Feb – 2 Mar",
  );
});

test("line breaks of a text are kept", () => {
  expect(html`${lines("Before: <x>\r\nNow: y\n")}`.markup).toBe("Before: &lt;x&gt;<br>Now: y");
});
