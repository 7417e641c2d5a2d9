let shared: Promise<void> | undefined;

/**
 * Resolves in the next turn of the event loop, for everybody who waits in this one together. What they do then happens
 * back to back: answers that leave together wake the reader on the other side once and not one by one.
 */
export const nextLoopTurn = (): Promise<void> =>
  (shared ??= new Promise((resume) => {
    setImmediate(() => {
      shared = undefined;
      resume();
    });
  }));
