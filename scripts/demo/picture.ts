import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { startChild } from "../stack/child.ts";
import { whenStopping } from "../stack/shutdown.ts";

const COMMANDS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"];
const APPLICATIONS = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** A Chromium of this machine: CHROME_PATH, or one that is installed. */
function findBrowser(): string | undefined {
  const onPath = (process.env["PATH"] ?? "")
    .split(delimiter)
    .flatMap((folder) => COMMANDS.map((command) => join(folder, command)));
  return [process.env["CHROME_PATH"] ?? "", ...onPath, ...APPLICATIONS].find(
    (path) => path !== "" && existsSync(path),
  );
}

const WIDTH = 720;
// Chromium draws no more than its window, and textures end somewhere.
const MOST_HEIGHT = 16_000;

/**
 * Draws a page as a PNG in its full length, if there is a browser on this machine.
 *
 * @returns the picture's path; null where there is no browser, or it did not draw
 */
export async function takePicture(html: string, png: string): Promise<string | null> {
  const browser = findBrowser();
  if (browser === undefined) return null;
  const folder = await mkdtemp(join(tmpdir(), "parma-picture-"));
  const remove = whenStopping(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  try {
    const measured = join(folder, "measured.html");
    const page = await readFile(html, "utf8");
    // A page cannot be drawn in full before its height is known, which only the browser can tell.
    await writeFile(
      measured,
      `${page}<script>onload = () => document.body.dataset.height = document.documentElement.scrollHeight</script>`,
    );
    const dom = await browse(browser, folder, 800, ["--dump-dom", pathToFileURL(measured).href]);
    const height = Math.min(MOST_HEIGHT, Number(/data-height="(\d+)"/.exec(dom)?.[1] ?? "2000"));
    await browse(browser, folder, height, [`--screenshot=${png}`, pathToFileURL(html).href]);
    return existsSync(png) ? png : null;
  } finally {
    await remove();
  }
}

async function browse(browser: string, folder: string, height: number, args: string[]): Promise<string> {
  const lines: string[] = [];
  const child = startChild(
    browser,
    [
      ...["--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run"],
      `--window-size=${WIDTH},${height}`,
      `--user-data-dir=${join(folder, "profile")}`,
      // Chromium's sandbox does not start for root.
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      ...args,
    ],
    { onLine: (line) => lines.push(line) },
  );
  // One that hangs must not hold up what only shows it.
  const timer = setTimeout(() => void child.stop(), 20_000);
  await child.ended;
  clearTimeout(timer);
  await child.stop();
  return lines.join("\n");
}
