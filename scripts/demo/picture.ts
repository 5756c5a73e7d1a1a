import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { whenStopping } from "../stack/shutdown.ts";

const COMMANDS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"];
const APPLICATIONS = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** This machine's Chromium: CHROME_PATH, or an installed one. */
export function installedBrowser(): string | undefined {
  const onPath = (process.env["PATH"] ?? "")
    .split(delimiter)
    .flatMap((folder) => COMMANDS.map((command) => join(folder, command)));
  return [process.env["CHROME_PATH"] ?? "", ...onPath, ...APPLICATIONS].find(
    (path) => path !== "" && existsSync(path),
  );
}

/** Whether the npm package's Chromium runs on this machine. */
export function hasPackagedBrowser(): boolean {
  return process.platform === "linux" && process.arch === "x64";
}

const WIDTH = 720;
// A hanging browser must not hold up the demo.
const PATIENCE_MS = 30_000;

/**
 * Starts this machine's Chromium or else the one from an npm package, for Linux on x64. It takes seconds, so start it
 * before it is needed.
 *
 * @throws Error if no browser could be started
 */
export async function startBrowser(): Promise<Browser> {
  const browser = await launch();
  whenStopping(() => browser.close());
  return browser;
}

/** Draws a page as a PNG in full length, and closes the browser. */
export async function takePicture(browser: Browser, html: string, png: string): Promise<void> {
  try {
    const page = await browser.newPage({ viewport: { width: WIDTH, height: 800 } });
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(pathToFileURL(html).href);
    await page.screenshot({ path: png, fullPage: true });
  } finally {
    await browser.close();
  }
}

async function launch(): Promise<Browser> {
  const installed = installedBrowser();
  if (installed !== undefined) return chromium.launch({ executablePath: installed, timeout: PATIENCE_MS });
  if (!hasPackagedBrowser()) throw new Error("no Chromium or Chrome found; set CHROME_PATH to one");
  const { default: packaged } = await import("@sparticuz/chromium");
  return chromium.launch({
    executablePath: await packaged.executablePath(),
    args: packaged.args,
    timeout: PATIENCE_MS,
  });
}
