import { join } from 'node:path';
import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common';
import { Environment } from '#platform/environment.js';
import { Health } from '#platform/health.js';
import { Log } from '#platform/logging.js';
import { Ledger } from '#ledger/ledger.js';
import type { ServiceName } from '#bus/contract.js';
import { Keep } from '#keep/keep.js';
import { SqliteKeep } from '#keep/sqlite-keep.js';
import { Mailbox } from './mailbox.js';
import type { Projection } from './projection.js';
import { ReadModel } from './read-model.js';
import type { Lifts } from './upcast.js';

export interface StoresOptions {
  readonly service: ServiceName;
  /** Made anew for each application, because projections may hold state. */
  readonly projections: () => readonly Projection[];
  readonly lifts?: Lifts;
  readonly cacheKib?: number;
}

/** Opens the stores before the service answers anybody, and closes them when the last command is answered. */
@Injectable()
class StoresLifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    @Inject(ReadModel) private readonly readModel: ReadModel,
    @Inject(Mailbox) private readonly mailbox: Mailbox,
    @Inject(Keep) private readonly keep: Keep,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.readModel.caughtUp();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.mailbox.close();
    await this.readModel.close();
    await this.keep.close();
  }
}

/**
 * A service's {@link ReadModel}, {@link Keep} and {@link Mailbox} on its files in the data folder, as Nest providers. The
 * read model follows the ledger from the start on; the service listens when it has caught up.
 */
export const storeProviders = ({ service, projections, ...options }: StoresOptions): Provider[] => [
  {
    provide: ReadModel,
    inject: [Environment, Ledger, Log, Health],
    useFactory: async (environment: Environment, ledger: Ledger, log: Log, health: Health): Promise<ReadModel> => {
      const file = join(environment.CAIRN_DATA_DIR, 'read-models', `${service}.sqlite`);
      const readModel = await ReadModel.open({ file, ledger, projections: projections(), log, ...options });
      health.add(`${service}-read-model`, () => {
        if (readModel.behind) throw new Error('is catching up with the ledger');
      });
      readModel.start();
      return readModel;
    },
  },
  {
    provide: Keep,
    inject: [Environment],
    useFactory: ({ CAIRN_DATA_DIR }: Environment): Keep =>
      new SqliteKeep(join(CAIRN_DATA_DIR, 'keep', `${service}.sqlite`)),
  },
  {
    provide: Mailbox,
    inject: [ReadModel, Ledger, Keep, Log],
    useFactory: (readModel: ReadModel, ledger: Ledger, keep: Keep, log: Log): Mailbox =>
      new Mailbox({ readModel, ledger, keep, log }),
  },
  StoresLifecycle,
];
