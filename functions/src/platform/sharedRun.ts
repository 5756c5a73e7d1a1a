/**
 * Limits a function to one run at a time and one that waits, however often it is called. Whoever calls during a
 * run gets the next one, because the one under way may have looked already at what the caller wants seen. Calls that share
 * a run share the arguments of the first of them.
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
