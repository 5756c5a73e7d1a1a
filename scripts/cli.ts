import { program } from "./program.ts";
import { isStopping, stopEverything, stopOnSignals } from "./stack/shutdown.ts";
import { UserError } from "./userError.ts";

// The functions log successes for metrics. A command prints only its result.
console.info = () => undefined;

stopOnSignals();
try {
  await program.parseAsync();
} catch (error) {
  // After a signal, what fails does so because it was stopped; the signal's handler ends the process.
  if (!isStopping()) {
    process.exitCode = 1;
    console.error(error instanceof UserError ? `\n${error.message}` : error);
  }
} finally {
  await stopEverything();
}
