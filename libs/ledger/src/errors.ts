/** The stream was not at the revision that the append named. */
export class RevisionConflict extends Error {
  override readonly name = 'RevisionConflict';

  constructor(
    readonly stream: string,
    readonly expectedRevision: number,
    readonly actualRevision: number,
  ) {
    super(`Stream ${stream} is at revision ${actualRevision}, expected ${expectedRevision}`);
  }
}

/** One event is larger than the ledger takes; nothing was appended. */
export class EventTooLarge extends Error {
  override readonly name = 'EventTooLarge';

  constructor(
    readonly stream: string,
    readonly type: string,
    readonly bytes: number,
    readonly bytesMax: number,
  ) {
    super(`Event ${type} of ${stream} has ${bytes} bytes, more than ${bytesMax}`);
  }
}

/** The events together are larger than one append takes; nothing was appended. Use a staged batch. */
export class AppendTooLarge extends Error {
  override readonly name = 'AppendTooLarge';

  constructor(
    readonly stream: string,
    readonly bytes: number,
    readonly bytesMax: number,
  ) {
    super(`Append to ${stream} has ${bytes} bytes, more than ${bytesMax}`);
  }
}

/** An event of another ledger does not fit behind what its stream holds here. */
export class TransferRefused extends Error {
  override readonly name = 'TransferRefused';

  constructor(
    readonly stream: string,
    readonly revision: number,
    /** `gap`: the stream does not end with the event before it. `hash`: its texts do not give its hash. */
    readonly kind: 'gap' | 'hash',
  ) {
    super(
      kind === 'gap'
        ? `Event ${revision} of ${stream} does not follow the last event that the stream has here`
        : `Event ${revision} of ${stream} was changed: its texts do not give its hash`,
    );
  }
}

/** The ledger did not say whether the append happened. Read the head of the stream again and compare event ids. */
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown';

  constructor(
    readonly stream: string,
    override readonly cause: unknown,
  ) {
    super(`Whether the append to ${stream} happened is not known`);
  }
}

/** The ledger could not take the append and surely did not: it is closed, locked by somebody else, or refuses. */
export class LedgerUnavailable extends Error {
  override readonly name = 'LedgerUnavailable';

  constructor(
    readonly stream: string,
    readonly reason: string,
    override readonly cause?: unknown,
  ) {
    super(`The append to ${stream} did not happen: ${reason}`);
  }
}
