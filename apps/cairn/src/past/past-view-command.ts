import { Command } from 'commander';
import { type NumberedOrder, PAST_VIEW_COMMAND, type ViewAnswer, type ViewReport } from '#contracts/cairn/past-view.js';
import { ledgerLocation, openLedger } from '#ledger/open-ledger.js';
import { DomainError, type DomainErrorValue } from '#platform/domain-error.js';
import { loadEnvironment } from '#platform/environment.js';
import { createLog } from '#platform/logging.js';
import { keepNewFilesPrivate } from '#platform/private-files.js';
import { stopOnSignal } from '#platform/shutdown.js';
import { type Terminal, UsageError } from '../command-line.js';
import { openPastBlobs } from './past-blobs.js';
import { ViewKeeper } from './view-keeper.js';

/** Who asks without a pause is answered sooner when nothing else is done between. */
const PAUSE_MS = 250;

const failureOf = (error: unknown): DomainErrorValue => {
  if (error instanceof DomainError) return error.toValue();
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { kind: 'internal', code: 'internal', message };
};

/** Carries out the orders of the process that has started this one, in their order, until the channel ends. */
const obey = async ({ env }: Terminal): Promise<void> => {
  const { channel } = process;
  if (channel === undefined || process.send === undefined) {
    throw new UsageError('only Cairn itself runs this command');
  }
  keepNewFilesPrivate();
  const environment = loadEnvironment(env);
  const log = createLog(environment, 'past-view');
  const ledger = await openLedger(ledgerLocation(environment));
  const stored = await openPastBlobs(environment, log);
  const keeper = new ViewKeeper(ledger, stored.blobs, environment, log);
  const carryOut = async (order: NumberedOrder): Promise<ViewAnswer | undefined> => {
    switch (order.kind) {
      case 'prepare':
        await keeper.prepare();
        return undefined;
      case 'ask':
        return keeper.ask(order);
      case 'compare':
        return keeper.compare(order);
      case 'keep':
        await keeper.keep(order);
        return undefined;
    }
  };
  const report = (message: ViewReport): void => {
    process.send?.(message);
  };
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  let pause: NodeJS.Timeout | undefined;
  const getReady = (): void => {
    last = last
      .then(() => keeper.standBehind(() => waiting > 0))
      .catch((error: unknown) => log.warn({ error }, 'No moment waits behind the last one'));
  };
  process.on('message', (order: NumberedOrder) => {
    const { number } = order;
    waiting += 1;
    clearTimeout(pause);
    last = last
      .then(() => carryOut(order))
      .then(
        (answer) => report(answer === undefined ? { number } : { number, answer }),
        (error: unknown) => report({ number, failure: failureOf(error) }),
      )
      .then(() => {
        waiting -= 1;
        if (waiting === 0) pause = setTimeout(getReady, PAUSE_MS).unref();
      });
  });
  // The channel keeps the process running.
  channel.ref();
  stopOnSignal(
    [
      { name: 'close the view', run: () => keeper.close() },
      { name: 'close the ledger', run: () => ledger.close() },
      { name: 'close the blob store', run: () => stored.close() },
    ],
    log,
  );
};

/** `cairn past-view` */
export const pastViewCommand = (terminal: Terminal): Command =>
  new Command(PAST_VIEW_COMMAND)
    .description('Shows the past of workloads to the process that has started this one.')
    .action(() => obey(terminal));
