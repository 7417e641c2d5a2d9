import { basename, join } from 'node:path';
import type { InProcessStrategy } from '#bus/in-process.strategy.js';
import { backgroundContext } from '#bus/background-context.js';
import type { PastOfWorkload } from '#contracts/cairn/past-view.js';
import { ListUnitStatuses, type UnitPlace, type UnitStatuses } from '#contracts/workloads.js';
import type { Environment } from '#platform/environment.js';
import type { Log } from '#platform/logging.js';
import type { Ledger, Position } from '#ledger/ledger.js';
import { PastLedger } from '#ledger/past-ledger.js';
import { signatureOf } from '#event-sourcing/model-file.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { projectionsOf } from '#event-sourcing/service-store.js';
import type { BlobStore } from '#storage/blob-store.js';
import { DatasetsModule, datasetsStore } from '../../../datasets/src/datasets.module.js';
import { PilotsModule, pilotsStore } from '../../../pilots/src/pilots.module.js';
import { TasksModule, tasksStore } from '../../../tasks/src/tasks.module.js';
import { type PastServices, startPastServices } from './start-past.js';
import { readModelsIn } from './view-checkpoints.js';
import { whenShown } from './when-shown.js';

const STORES = [datasetsStore, tasksStore, pilotsStore];

const SERVICES = STORES.map(({ service }) => service);

/** Names everything that the tables of a moment depend on. */
export const SIGNATURE = signatureOf(STORES.flatMap(projectionsOf));

/** In whose name a moment asks its services. */
const ACTOR = 'cairn-past';

export const READ_ONLY = 'This is the past: nothing can be changed';

/** Where a moment is made. */
export interface MomentPlace {
  readonly present: Ledger;
  /** A data folder of its own. It may hold read models of an earlier moment. */
  readonly folder: string;
  /** Of the Cairn whose past it is. */
  readonly environment: Environment;
  readonly blobs: BlobStore;
  readonly log: Log;
}

/** The services on the streams of one workload as they were. They can go on to a later position, and anywhere with read models of there. */
export class Moment {
  static async open(place: MomentPlace, { ref, streams, position }: PastOfWorkload): Promise<Moment> {
    const { present, folder } = place;
    const ledger = new PastLedger(present, position, streams);
    const modules = [DatasetsModule, TasksModule, PilotsModule];
    const services = await startPastServices({ ...place, refusal: READ_ONLY }, ledger, modules);
    const moment = new Moment(ref, folder, ledger, services, position);
    try {
      await moment.raise(position);
      return moment;
    } catch (error) {
      await moment.close();
      throw error;
    }
  }

  private constructor(
    readonly ref: string,
    readonly folder: string,
    private readonly ledger: PastLedger,
    private readonly services: PastServices,
    private at: Position,
  ) {}

  get position(): Position {
    return this.at;
  }

  /** Takes the questions of a gateway. */
  get strategy(): InProcessStrategy {
    return this.services.strategy;
  }

  /** Whether its folder held no read models, or some that do not fit the ledger or the program: it began at the beginning. */
  get isNew(): boolean {
    return this.readModels.some(({ isNew }) => isNew);
  }

  async raise(position: Position): Promise<void> {
    this.ledger.raise(position);
    this.at = position;
    await whenShown(this.services.bus, SERVICES, position);
  }

  /**
   * Goes to where read models were kept. Those of its services take over their content, which costs a small part of an opening.
   *
   * @param folder data folder with read models of the position, of the same workload
   * @throws Error when they cannot; then nobody knows what it shows
   */
  async moveTo(position: Position, folder: string): Promise<void> {
    this.ledger.moveTo(position);
    this.at = position;
    const replace = (model: ReadModel): Promise<void> =>
      model.replaceBy(join(readModelsIn(folder), basename(model.path)));
    await Promise.all(this.readModels.map(replace));
  }

  /** The next units behind a place, with their statuses. */
  statuses(behind: UnitPlace | undefined): Promise<UnitStatuses> {
    const request = { workload: this.ref, ...(behind !== undefined && { behind }) };
    return this.services.bus.request(ListUnitStatuses, request, backgroundContext('cairn', ACTOR));
  }

  close(): Promise<void> {
    return this.services.app.close();
  }

  private get readModels(): readonly ReadModel[] {
    return this.services.app.get<ReadModel>(ReadModel, { strict: false, each: true });
  }
}
