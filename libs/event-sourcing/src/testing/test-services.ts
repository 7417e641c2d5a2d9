import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteKeyValueStore } from '#storage/sqlite-key-value-store.js';
import { SqliteLedger } from '#ledger/sqlite-ledger.js';
import { Mailbox } from '../mailbox.js';
import type { Projection } from '../projection.js';
import { ReadModel } from '../read-model.js';
import { counters } from './counter-projection.js';
import { InterceptedLedger } from './intercepted-ledger.js';

export interface Service {
  readonly readModel: ReadModel;
  readonly mailbox: Mailbox;
  readonly keyValueStore: SqliteKeyValueStore;
}

/** A data folder with a real ledger, and services on it that are all stopped at the end. */
export class TestServices {
  /** The same ledger, as the services see it. */
  readonly serviceLedger: InterceptedLedger;
  private readonly services: Service[] = [];

  private constructor(
    readonly folder: string,
    readonly ledger: SqliteLedger,
  ) {
    this.serviceLedger = new InterceptedLedger(ledger);
  }

  static async open(): Promise<TestServices> {
    const folder = mkdtempSync(join(tmpdir(), 'cairn-projection-'));
    return new TestServices(folder, await SqliteLedger.open(join(folder, 'ledger.sqlite')));
  }

  fileOf(name: string): string {
    return join(this.folder, 'read-models', `${name}.sqlite`);
  }

  async start(name: string, projections: readonly Projection[] = [counters]): Promise<Service> {
    const ledger = this.serviceLedger;
    const readModel = await ReadModel.open({ file: this.fileOf(name), ledger, projections });
    readModel.start();
    await readModel.caughtUp();
    const keyValueStore = new SqliteKeyValueStore(join(this.folder, 'key-value-store', `${name}.sqlite`));
    const service = { readModel, keyValueStore, mailbox: new Mailbox({ readModel, ledger, keyValueStore }) };
    this.services.push(service);
    return service;
  }

  async stop(service: Service): Promise<void> {
    this.services.splice(this.services.indexOf(service), 1);
    await service.mailbox.close();
    await service.readModel.close();
    await service.keyValueStore.close();
  }

  async close(): Promise<void> {
    for (const service of [...this.services]) await this.stop(service);
    await this.ledger.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
