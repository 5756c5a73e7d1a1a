// The package's modules one by one take seconds to load; its bundle takes a fraction of one.
declare module "echarts/dist/echarts.esm.min.mjs" {
  export { init } from "echarts";
}
