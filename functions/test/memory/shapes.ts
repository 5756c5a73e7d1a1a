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

/** Answers that are as large as they may be, each in another way; another one for each number. */
export const shapes: Readonly<Record<string, (number: number) => string>> = {
  text: (number) => `{"number":${number},"text":"${"x".repeat(MAX_BYTES)}"}`,
  wide: (number) => `{"number":${number},"text":"${"ж".repeat(MAX_BYTES / 2)}"}`,
  zeros: (number) => `{"number":${number},"items":[${many(499_000, () => "0")}]}`,
  "too many zeros": (number) => `{"number":${number},"items":[${"0,".repeat(MAX_BYTES / 2)}0]}`,
};
