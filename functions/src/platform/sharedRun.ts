/**
 * Limits a function to one run at a time and one that waits, however often it is called. Whoever calls during a
 * run gets the next one, because the one under way may have looked already at what the caller wants seen.
 */
export function sharedRun<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> | undefined;
  let next: Promise<T> | undefined;

  const start = (): Promise<T> => {
    const started = run();
    const ended = started.then(ignore, ignore).then(() => {
      if (running === ended) running = undefined;
    });
    running = ended;
    return started;
  };

  return () => {
    if (running === undefined && next === undefined) return start();
    next ??= Promise.resolve(running).then(() => {
      next = undefined;
      return start();
    });
    return next;
  };
}

function ignore(): void {}
