import { expect, test } from "@jest/globals";
import { type RawAnswer, rawDocumentId } from "./rawDocumentId.ts";

const answer: RawAnswer = {
  sourceId: 1,
  companyId: 2,
  rawData: { stars: 10, name: "x" },
  taskId: 3,
  receivedAt: new Date("2024-05-15T12:00:00Z"),
};
const id = (change: Partial<RawAnswer> = {}) => rawDocumentId({ ...answer, ...change });

test("it can be a document's id and stays what it is", () => {
  expect(id()).toMatch(/^[\w-]{43}$/);
  expect(id()).toBe("9NXR0ogWkGvJwqmJ1iFM-qaXwYkBnDHllcxJHIIWwys");
});

test("the same answer in another order of fields is the same document", () => {
  expect(id({ rawData: { name: "x", stars: 10 } })).toBe(id());
});

test.each<[string, Partial<RawAnswer>]>([
  ["source", { sourceId: 9 }],
  ["company", { companyId: 9 }],
  ["answer", { rawData: { stars: 11, name: "x" } }],
  ["task", { taskId: 9 }],
])("another %s is another document", (_what, change) => {
  expect(id(change)).not.toBe(id());
});

test("a task's answer is the same whenever it is fed; without a task, on the same day", () => {
  const later = { receivedAt: new Date("2024-05-15T23:59:59Z") };
  const nextDay = { receivedAt: new Date("2024-05-16T00:00:00Z") };
  expect(id(nextDay)).toBe(id());
  expect(id({ taskId: undefined, ...later })).toBe(id({ taskId: undefined }));
  expect(id({ taskId: undefined, ...nextDay })).not.toBe(id({ taskId: undefined }));
});

test("a stated time of observation is all that counts", () => {
  const observed = { observedAt: new Date("2020-01-01T00:00:00Z") };
  expect(id({ ...observed, taskId: 9 })).toBe(id(observed));
  expect(id({ ...observed, taskId: undefined, receivedAt: new Date() })).toBe(id(observed));
  expect(id({ observedAt: new Date("2020-01-02T00:00:00Z") })).not.toBe(id(observed));
});
