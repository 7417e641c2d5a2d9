import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import type { OnApplicationShutdown } from '@nestjs/common';
import { DomainError } from '#platform/domain-error.js';
import { PRIVATE_FOLDER } from '#platform/private-files.js';
import type { Log } from '#platform/logging.js';
import { WalCheckpoints } from '#platform/wal-checkpoints.js';
import { Lock } from '#event-sourcing/lock.js';
import { RebuiltFiles, removeDatabase } from '#event-sourcing/rebuilt-files.js';
import { Slices } from '#event-sourcing/slices.js';
import type { Ledger, RecordedEvent } from '#ledger/ledger.js';
import { ledgerSource } from '#ledger/proof/event-source.js';
import { LedgerTree, type LedgerSummary } from '#ledger/proof/ledger-tree.js';
import { Rewrites } from '#ledger/rewrite/rewrites.js';
import { type TreeProgress, TreeStore } from './tree-store.js';

/** Should the thread that copies the write-ahead log fail. */
const FALLBACK_CHECKPOINT_PAGES = 1000;

const CACHE_KIB = 4 * 1024;

/** So many streams change before they are written: a stream that has many events meanwhile is written once, and so are the nodes above it. */
const STREAMS_TOGETHER = 1024;

const open = (file: string): DatabaseSync => {
  const database = new DatabaseSync(file);
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA journal_size_limit = 0;
    PRAGMA cache_size = -${CACHE_KIB};
  `);
  return database;
};

const create = (file: string): DatabaseSync => {
  removeDatabase(file);
  const database = open(file);
  TreeStore.create(database);
  return database;
};

/** What a file of this ledger holds; undefined for whatever else is there, which can be made again. */
const reopen = async (file: string, ledger: Ledger): Promise<DatabaseSync | undefined> => {
  let database: DatabaseSync | undefined;
  try {
    database = open(file);
    const { events, position, hash } = new TreeStore(database).progress();
    if (events === 0 || (await ledger.eventAt(position))?.hash === hash) return database;
  } catch {
    // Making it again is the answer to all that may be wrong with it.
  }
  database?.close();
  return undefined;
};

/**
 * What the next checkpoint says of the ledger, kept in a file of its own, so that no checkpoint reads the whole ledger. Disposable: without the
 * file it is made again. It goes on only when it is told to: checkpoints are rare.
 */
export class ProofIndex implements OnApplicationShutdown {
  private readonly lock = new Lock();
  private readonly writing = new Lock();
  private readonly store: TreeStore;
  private readonly checkpoints: WalCheckpoints;
  private readonly rebuiltFiles: RebuiltFiles;
  private closed = false;

  private constructor(
    private readonly database: DatabaseSync,
    private readonly ledger: Ledger,
    private readonly file: string,
    log?: Log,
  ) {
    this.store = new TreeStore(database);
    this.checkpoints = new WalCheckpoints(
      file,
      (work) => this.writing.run(work),
      () => database.exec(`PRAGMA wal_autocheckpoint = ${FALLBACK_CHECKPOINT_PAGES}`),
    );
    this.rebuiltFiles = new RebuiltFiles(file, this, log);
  }

  static async open(file: string, ledger: Ledger, log?: Log): Promise<ProofIndex> {
    mkdirSync(dirname(file), { recursive: true, mode: PRIVATE_FOLDER });
    return new ProofIndex((await reopen(file, ledger)) ?? create(file), ledger, file, log);
  }

  /**
   * Goes on to the present head of the ledger, and sums it up.
   *
   * @throws DomainError when an event does not fit the chain of its stream: that is never signed
   */
  summary(): Promise<LedgerSummary> {
    return this.lock.run(async () => {
      // Events are rewritten while no Cairn runs: hardly ever is one among those that are new.
      const misfit =
        (await this.goOn()) === undefined ? undefined : await this.goOn(await Rewrites.in(ledgerSource(this.ledger)));
      if (misfit !== undefined) {
        const place = `event ${misfit.revision} of ${misfit.stream}`;
        throw new DomainError('state', 'history.broken', `The history is broken at ${place}: verify it`);
      }
      return new LedgerTree(this.store, this.store.progress()).summary();
    });
  }

  /**
   * Puts a whole file that was rebuilt of the same ledger in the place of the content of this one, in one transaction.
   *
   * @throws Error when it is no such file
   */
  async replaceBy(rebuilt: string): Promise<void> {
    await this.lock.run(() =>
      this.writing.run(async () => {
        const source = await reopen(rebuilt, this.ledger);
        if (source === undefined) throw new Error('it is no tree of this ledger');
        await backup(source, this.file).finally(() => source.close());
      }),
    );
    await this.checkpoints.run();
  }

  onApplicationShutdown(): Promise<void> {
    return this.close();
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.rebuiltFiles.close();
    await this.lock.run(() => this.checkpoints.close());
    this.database.close();
  }

  /** Adds what the ledger holds beyond the tree; returns the first event that does not fit, up to which nothing more is written then. */
  private async goOn(rewrites?: Rewrites): Promise<RecordedEvent | undefined> {
    const slices = new Slices();
    const progress = this.store.progress();
    const tree = new LedgerTree(this.store, progress, rewrites?.isRewritten);
    for await (const { events } of this.ledger.readAll({ after: progress.position })) {
      for (const event of events) {
        if (this.closed) throw new DomainError('unavailable', 'proof.closed', 'The service is stopping');
        if (tree.add(event) !== undefined) return event;
        progress.position = event.position;
        progress.hash = event.hash;
        if (slices.spent) await slices.pause();
      }
      if (tree.changedStreams >= STREAMS_TOGETHER) await this.write(tree, progress, slices);
    }
    await this.write(tree, progress, slices);
    return undefined;
  }

  private write(tree: LedgerTree, progress: TreeProgress, slices: Slices): Promise<void> {
    return this.writing.run(async () => {
      this.database.exec('BEGIN');
      try {
        await slices.drive(tree.flush());
        this.store.setProgress(progress);
        this.database.exec('COMMIT');
      } catch (error) {
        if (this.database.isTransaction) this.database.exec('ROLLBACK');
        throw error;
      }
      this.checkpoints.committed();
    });
  }
}
