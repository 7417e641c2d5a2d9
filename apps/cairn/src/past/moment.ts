import type { InProcessStrategy } from '#bus/in-process.strategy.js';
import { backgroundContext } from '#bus/background-context.js';
import type { ServiceName } from '#bus/contract.js';
import type { PastOfWorkload } from '#contracts/cairn/past-view.js';
import { ListUnitStatuses, type UnitPlace, type UnitStatuses } from '#contracts/workloads.js';
import type { Environment } from '#platform/environment.js';
import type { Log } from '#platform/logging.js';
import type { Ledger, Position } from '#ledger/ledger.js';
import { PastLedger } from '#ledger/past-ledger.js';
import type { BlobStore } from '#storage/blob-store.js';
import { DatasetsModule } from '../../../datasets/src/datasets.module.js';
import { PilotsModule } from '../../../pilots/src/pilots.module.js';
import { TasksModule } from '../../../tasks/src/tasks.module.js';
import { type PastServices, startPastServices } from './start-past.js';
import { whenShown } from './when-shown.js';

const SERVICES: readonly ServiceName[] = ['datasets', 'tasks', 'pilots'];

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

/** The services on the streams of one workload as they were. They can go on to a later position, and not back. */
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

  async raise(position: Position): Promise<void> {
    this.ledger.raise(position);
    this.at = position;
    await whenShown(this.services.bus, SERVICES, position);
  }

  /** The next units behind a place, with their statuses. */
  statuses(behind: UnitPlace | undefined): Promise<UnitStatuses> {
    const request = { workload: this.ref, ...(behind !== undefined && { behind }) };
    return this.services.bus.request(ListUnitStatuses, request, backgroundContext('cairn', ACTOR));
  }

  close(): Promise<void> {
    return this.services.app.close();
  }
}
