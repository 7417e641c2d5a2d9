/** Whether a call failed because the broker runs without JetStream. The library throws a class of its own, which it does not export. */
export const isJetStreamMissing = (error: unknown): boolean =>
  error instanceof Error && error.name.startsWith('JetStreamNotEnabled');
