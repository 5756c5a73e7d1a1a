declare module "njre" {
  const njre: {
    /** Fetches a Java and returns the folder that holds it. */
    install(version: number, options: { type: "jre" | "jdk"; installPath: string }): Promise<string>;
  };
  export default njre;
}
