declare module "asciichart" {
  const asciichart: {
    /** Draws a series as lines of text. */
    plot(series: readonly number[], options: { height: number; format?: (value: number) => string }): string;
  };
  export default asciichart;
}
