import { expect, test } from "@jest/globals";
import { day, field, replayed } from "./replayCase.ts";

const rules = [{ measurement: "x", threshold: 20 }];
const past = Array.from({ length: 130 }, (_, index) => ({
  observedAt: day(index - 130),
  receivedAt: day(0, 7),
  data: { x: index % 30 === 29 ? 150 : 100 },
}));

test("History is silent but for one summary to each channel; what follows alerts at once", async () => {
  const documents = [
    ...past,
    { observedAt: day(1), data: { x: 100 } },
    { observedAt: day(2), data: { x: 160 } },
  ];
  const { news, messages } = await replayed({ map: [field("x")], rules, documents });
  expect(news.length).toBeGreaterThan(3);
  expect(messages.map(({ channel, subject }) => `${channel} ${subject}`)).toEqual([
    expect.stringMatching(/^EMAIL Acme: 3 months of history: \d+ notable moments, the latest on /),
    expect.stringMatching(/^SLACK Acme: 3 months of history: \d+ notable moments, the latest on /),
    "EMAIL Acme: X, +60%",
    "SLACK Acme: X, +60%",
  ]);
});

test("An answer that comes a day late is no history", async () => {
  const documents = [
    ...Array.from({ length: 9 }, (_, index) => ({ observedAt: day(index), data: { x: 100 } })),
    { observedAt: day(9), receivedAt: day(10), data: { x: 150 } },
  ];
  const { messages } = await replayed({ map: [field("x")], rules, documents });
  expect(messages.map(({ subject }) => subject)).toEqual(["Acme: X, +50%", "Acme: X, +50%"]);
});
