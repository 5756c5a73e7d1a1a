/**
 * Limits a function to one run at a time and one waiting run, however often it is called. Calls that arrive during a run
 * share the next one, because the current run may have missed what they are about. Calls that share a run use the
 * arguments of the first.
 */
export function sharedRun<Arguments extends readonly unknown[], T>(
  run: (...args: Arguments) => Promise<T>,
): (...args: Arguments) => Promise<T> {
  let running: Promise<unknown> | undefined;
  let next: Promise<T> | undefined;

  const start = (args: Arguments): Promise<T> => {
    const started = run(...args);
    const ended = started.then(ignore, ignore).then(() => {
      if (running === ended) running = undefined;
    });
    running = ended;
    return started;
  };

  return (...args) => {
    if (running === undefined && next === undefined) return start(args);
    next ??= Promise.resolve(running).then(() => {
      next = undefined;
      return start(args);
    });
    return next;
  };
}

function ignore(): void {}
