/** The map of the answers below. */
export const MAP = {
  Source: "memory",
  Mappings: [
    { SourceField: "text", DataType: "text", MeasurementName: "text" },
    {
      SourceField: "items",
      DataType: "nested",
      MeasurementName: "items",
      NestedMappings: [
        { SourceField: "id", DataType: "int", MeasurementName: "item id" },
        { SourceField: "name", DataType: "text", MeasurementName: "item name" },
        { SourceField: "stars", DataType: "int", MeasurementName: "stars" },
      ],
    },
  ],
};

const MAX_BYTES = 20 * 1024 * 1024 - 200;
const many = (count: number, element: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => element(i)).join(",");

const MAX_VALUES = 499_000;
const listOf = (elements: string) => (number: number) => `{"number":${number},"items":[${elements}]}`;
const item = (id: number, name: string) => `{"id":${id},"name":"${name}","stars":${id % 1000}}`;

/** Answers that are as large as they may be, each in another way; another one for each number. */
export const shapes: Readonly<Record<string, (number: number) => string>> = {
  text: (number) => `{"number":${number},"text":"${"x".repeat(MAX_BYTES)}"}`,
  wide: (number) => `{"number":${number},"text":"${"ж".repeat(MAX_BYTES / 2)}"}`,
  zeros: listOf(many(MAX_VALUES, () => "0")),
  "too many zeros": listOf(many(MAX_BYTES / 2, () => "0")),
  "lists in lists": listOf(many(MAX_VALUES / 2, () => "[0]")),
  "large integers": listOf(many(MAX_VALUES, (i) => `${10n ** 35n + BigInt(i)}`)),
  "many items": listOf(many(MAX_VALUES / 4, (i) => item(i, "n"))),
  "long items": listOf(many(200, (i) => item(i, "x".repeat(MAX_BYTES / 200 - 60)))),
  "many fields": (number) => `{"number":${number},${many(MAX_VALUES, (i) => `"field ${i}":${i}`)}}`,
};
