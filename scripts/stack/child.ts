import { type ChildProcess, spawn } from "node:child_process";
import { StringDecoder } from "node:string_decoder";
import { type Stop, whenStopping } from "./shutdown.ts";

/** A program that runs alongside us until stopped. */
export interface Child {
  /** Resolves with the match as soon as a line of output matches; rejects with {@link ChildEnded}. */
  output(pattern: RegExp): Promise<RegExpExecArray>;
  /** Its last lines of output. */
  readonly lastLines: readonly string[];
  /** Resolves when the program has ended. */
  readonly ended: Promise<ChildEnded>;
  readonly stop: Stop;
}

/** A program ended unexpectedly. */
export class ChildEnded extends Error {
  override readonly name = "ChildEnded";
  /** Its exit code, the signal that ended it, or why it could not be started. */
  readonly reason: string;
  /** Its last lines of output. */
  readonly lastLines: string[];

  constructor(command: string, reason: string, lastLines: string[]) {
    super(`${command} ended (${reason}): ${lastLines.slice(-5).join(" ")}`);
    this.reason = reason;
    this.lastLines = lastLines;
  }
}

interface ChildOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The signal that asks the program to end. */
  readonly stopSignal?: NodeJS.Signals;
  /** How long it may take to end after that, before it is killed. */
  readonly patienceMs?: number;
  readonly onLine?: (line: string) => void;
}

// Long enough for idle programs to end their own children; what is left is then killed. Unfinished work is
// discarded anyway.
const PATIENCE_MS = 3_000;
const keptLines = 200;

/**
 * Starts a program in its own process group. Ctrl-C in the terminal does not reach it, so we decide the order in
 * which things end, and its children can be ended with it.
 */
export function startChild(command: string, args: string[], options: ChildOptions = {}): Child {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines = new Lines(options.onLine);
  lines.read(child.stdout);
  lines.read(child.stderr);

  const ended = new Promise<ChildEnded>((resolve) => {
    child.once("error", (error) => resolve(new ChildEnded(command, error.message, lines.last)));
    // "close" comes when the output has been read to its end, "exit" may come before.
    child.once("close", (code, signal) => {
      resolve(new ChildEnded(command, signal ?? `exit code ${code}`, lines.last));
    });
  });
  const atExit = () => killGroup(child, "SIGKILL");
  process.on("exit", atExit);
  void ended.then((end) => lines.end(end));

  const stop = whenStopping(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(options.stopSignal ?? "SIGTERM");
      const timer = setTimeout(() => killGroup(child, "SIGKILL"), options.patienceMs ?? PATIENCE_MS);
      await new Promise<unknown>((resolve) => child.once("exit", resolve).once("error", resolve));
      clearTimeout(timer);
    }
    // Ends whatever the program left in its group, so that "close" comes.
    killGroup(child, "SIGKILL");
    await ended;
    process.off("exit", atExit);
  });
  return { output: (pattern) => lines.match(pattern), lastLines: lines.last, ended, stop };
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group has already ended.
  }
}

interface Waiting {
  readonly pattern: RegExp;
  readonly resolve: (match: RegExpExecArray) => void;
  readonly reject: (reason: ChildEnded) => void;
}

/** A program's output, line by line, and who is waiting for which line. */
class Lines {
  readonly last: string[] = [];
  private readonly onLine: ((line: string) => void) | undefined;
  private waiting: Waiting[] = [];
  private end_: ChildEnded | undefined;

  constructor(onLine: ((line: string) => void) | undefined) {
    this.onLine = onLine;
  }

  read(stream: NodeJS.ReadableStream): void {
    const decoder = new StringDecoder("utf8");
    let rest = "";
    stream.on("data", (chunk: Buffer) => {
      const parts = (rest + decoder.write(chunk)).split(/\r?\n/);
      rest = parts.pop() ?? "";
      for (const line of parts) this.add(line);
    });
    stream.on("end", () => {
      if (rest !== "") this.add(rest);
    });
  }

  match(pattern: RegExp): Promise<RegExpExecArray> {
    for (const line of this.last) {
      const match = pattern.exec(line);
      if (match) return Promise.resolve(match);
    }
    if (this.end_) return Promise.reject(this.end_);
    return new Promise((resolve, reject) => this.waiting.push({ pattern, resolve, reject }));
  }

  end(end: ChildEnded): void {
    this.end_ = end;
    for (const waiting of this.waiting) waiting.reject(end);
    this.waiting = [];
  }

  private add(line: string): void {
    this.last.push(line);
    if (this.last.length > keptLines) this.last.shift();
    this.onLine?.(line);
    this.waiting = this.waiting.filter(({ pattern, resolve }) => {
      const match = pattern.exec(line);
      if (match) resolve(match);
      return !match;
    });
  }
}
