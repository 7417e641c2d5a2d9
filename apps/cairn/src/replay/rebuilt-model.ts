import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ServiceName } from '#bus/contract.js';
import { compareModels, type TableDifference } from '#event-sourcing/model-comparison.js';
import type { Projection } from '#event-sourcing/projection.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { removeDatabase } from '#event-sourcing/rebuilt-files.js';
import { projectionsOf, type ServiceStore } from '#event-sourcing/service-store.js';
import type { Lifts } from '#event-sourcing/upcast.js';
import type { Ledger, Position } from '#ledger/ledger.js';
import { PastLedger } from '#ledger/past-ledger.js';
import { SeenLedger } from '#ledger/seen-ledger.js';
import { copyDatabase } from '#platform/copy-database.js';
import type { Log } from '#platform/logging.js';
import { authStore } from '../../../auth/src/auth.module.js';
import { datasetsStore } from '../../../datasets/src/datasets.module.js';
import { eventsStore } from '../../../events/src/events.module.js';
import { HISTORY_STORE } from '../../../events/src/index/history-index.js';
import { ProofIndex } from '../../../events/src/proof/proof-index.js';
import { TreeStore } from '../../../events/src/proof/tree-store.js';
import { pilotsStore } from '../../../pilots/src/pilots.module.js';
import { tasksStore } from '../../../tasks/src/tasks.module.js';
import { UsageError } from '../command-line.js';

const STORES: Readonly<Record<ServiceName, ServiceStore>> = {
  datasets: datasetsStore,
  tasks: tasksStore,
  pilots: pilotsStore,
  events: eventsStore,
  auth: authStore,
};

/** Files in `read-models` of a service. */
export const filesOf = (service: ServiceName): readonly string[] =>
  service === 'events' ? ['events', 'history', 'proof'] : [service];

export interface RebuildOptions {
  /** Name of the file, without its ending. */
  readonly name: string;
  /** The live file, which may be in use. */
  readonly live: string;
  readonly ledger: Ledger;
  /** Where files are made; whoever gives it removes it. */
  readonly folder: string;
  readonly log: Log;
}

export interface Rebuilt {
  readonly file: string;
  /** Events that both files hold. */
  readonly events: number;
  readonly differences: readonly TableDifference[];
  /** Tables with numbers that an owner of the live file remembers. */
  readonly numbered: readonly string[];
}

/**
 * A copy of a live file as it is now: a snapshot of it would keep its log from being emptied.
 *
 * @throws UsageError when there is none
 */
const copyOf = async ({ name, live, folder }: RebuildOptions): Promise<string> => {
  if (!existsSync(live)) throw new UsageError(`there is no read model ${name} in ${live}`);
  const copy = join(folder, `${name}-live.sqlite`);
  removeDatabase(copy);
  await copyDatabase(live, copy);
  return copy;
};

const progressOf = (database: DatabaseSync) =>
  database.prepare('SELECT signature, checkpoint FROM model_progress WHERE complete = 1').get();

const revisionsIn = (database: DatabaseSync): ReadonlyMap<string, number> =>
  new Map(
    database
      .prepare('SELECT stream, revision FROM model_stream')
      .all()
      .map(({ stream, revision }) => [String(stream), Number(revision)]),
  );

const setCheckpoint = (file: string, checkpoint: Position): void => {
  const database = new DatabaseSync(file);
  database.prepare('UPDATE model_progress SET checkpoint = ?').run(checkpoint);
  database.close();
};

interface Made {
  readonly projections: readonly Projection[];
  readonly lifts?: Lifts;
}

const rebuildModel = async (options: RebuildOptions, made: Made, keepsNumbers: boolean): Promise<Rebuilt> => {
  const { name, ledger, folder, log } = options;
  const copy = await copyOf(options);
  const live = new DatabaseSync(copy, { readOnly: true });
  try {
    const revisions = revisionsIn(live);
    const file = join(folder, `${name}.sqlite`);
    removeDatabase(file);
    const seen = new SeenLedger(ledger, revisions);
    const model = await ReadModel.open({
      ...{ ...made, file, ledger: seen, log },
      numbersOf: keepsNumbers ? copy : undefined,
    });
    const progress = progressOf(live);
    let differences: readonly TableDifference[];
    try {
      model.start();
      await model.caughtUp();
      if (progress === undefined || progress['signature'] !== progressOf(model.queries)?.['signature']) {
        throw new UsageError(`the read model ${name} was made by another version of Cairn, or is being rebuilt`);
      }
      differences = compareModels(live, model.queries, model.names);
    } finally {
      await model.close();
    }
    // It has come no further than the live one: what that had not read yet stands in front of the head, too.
    setCheckpoint(file, Number(progress['checkpoint']));
    let events = 0;
    for (const revision of revisions.values()) events += revision + 1;
    const numbered = made.projections.flatMap((projection) => Object.keys(projection.numbered ?? {}));
    return { file, events, differences, numbered };
  } finally {
    live.close();
  }
};

const rebuildProof = async (options: RebuildOptions): Promise<Rebuilt> => {
  const live = new DatabaseSync(await copyOf(options), { readOnly: true });
  try {
    const { position, events } = new TreeStore(live).progress();
    const file = join(options.folder, `${options.name}.sqlite`);
    removeDatabase(file);
    const proof = await ProofIndex.open(file, new PastLedger(options.ledger, position));
    await proof.summary().finally(() => proof.close());
    const rebuilt = new DatabaseSync(file, { readOnly: true });
    const differences = compareModels(live, rebuilt, {});
    rebuilt.close();
    return { file, events, differences, numbered: [] };
  } finally {
    live.close();
  }
};

/**
 * Makes a file of a service once more, of the events that the live one holds, and compares the two.
 *
 * @param keepsNumbers gives numbers as the live one does, so that it may take its place while it is in use
 * @throws UsageError when there is no live one, or when another version of Cairn has made it
 */
export const rebuild = (options: RebuildOptions, keepsNumbers = false): Promise<Rebuilt> => {
  const { name } = options;
  if (name === 'proof') return rebuildProof(options);
  if (name === 'history') return rebuildModel(options, HISTORY_STORE, keepsNumbers);
  const store = Object.values(STORES).find(({ service }) => service === name);
  if (store === undefined) throw new Error(`No service ${name}`);
  return rebuildModel(options, { ...store, projections: projectionsOf(store) }, keepsNumbers);
};
