import { program } from "./program.ts";
import { isStopping, stopEverything, stopOnSignals } from "./stack/shutdown.ts";
import { UserError } from "./userError.ts";

// Functions log successes for metrics; a command prints only its result.
console.info = () => undefined;

stopOnSignals();
try {
  await program.parseAsync();
} catch (error) {
  // After a signal, errors come from the shutdown itself; the signal handler ends the process.
  if (!isStopping()) {
    process.exitCode = 1;
    console.error(error instanceof UserError ? `\n${error.message}` : error);
  }
} finally {
  await stopEverything();
}
