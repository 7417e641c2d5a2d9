import { readFile, stat } from 'node:fs/promises';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { CannotStart } from '#platform/cannot-start.js';
import { nowMicros } from '#platform/clock.js';
import { Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { Rounds } from '#platform/rounds.js';
import { backgroundContext } from '#bus/background-context.js';
import { programPath } from '#platform/program-path.js';
import { ThreadPool } from '#platform/thread-pool.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { readDocument } from '../configuration/change-configuration.js';
import { ConfigurationTables } from '../configuration/entry-tables.js';
import { PANDA } from '../streams.js';
import { Faults } from './check.js';
import { type Entry, entriesOf } from './operator-document.js';
import type { Reading } from './read-text.js';
import type { ReadTextFunctions } from './read-text-thread.js';

/** How often the file is looked at. */
const CHECK_MS = 2_000;

const THREAD_LIMITS = { threads: 1, waitingMax: 1, timeLimitMs: 60_000, heapMaxMiB: 512 };

/** The actor of changes that follow the document. */
const [ACTOR, USERNAME] = ['cairn-configuration', 'cairn'];

/**
 * Reads the operator's document (contract 10.1) at the start, and again whenever the file changes. A faulty one stops the start; later it
 * changes nothing and is logged.
 */
@Injectable()
export class DocumentReader implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly view: ConfigurationTables;
  private readonly file: string | undefined;
  /** What was read last and is not applied yet. */
  private unapplied: readonly Entry[] | undefined;
  /** Of the file when it was read last. */
  private version = '';
  private readonly rounds: Rounds;

  constructor(
    private readonly mailbox: Mailbox,
    readModel: ReadModel,
    private readonly log: Log,
    { CAIRN_PANDA_CONFIG: file }: Environment,
  ) {
    this.view = new ConfigurationTables(readModel.writer);
    this.file = file;
    this.rounds = new Rounds(
      () => this.checkOnce(),
      (error) => log.error({ error, file }, 'The PanDA configuration cannot be read'),
    );
  }

  /** @throws CannotStart when the document cannot be read or has faults */
  async onModuleInit(): Promise<void> {
    if (this.file === undefined) {
      this.unapplied = entriesOf({}, new Faults());
      return;
    }
    const reading = await this.read(this.file).catch((cause: unknown): Reading => {
      return { faults: [cause instanceof Error ? cause.message : String(cause)] };
    });
    if ('faults' in reading) {
      throw new CannotStart(
        `CAIRN_PANDA_CONFIG is "${this.file}", which cannot be used:\n${reading.faults.join('\n')}`,
      );
    }
    this.unapplied = reading.entries;
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.apply();
    this.rounds.start(CHECK_MS);
  }

  onModuleDestroy(): Promise<void> {
    return this.rounds.stop();
  }

  /** Reads the file if it has changed, and applies what is not applied yet. Never rejects. */
  check(): Promise<void> {
    return this.rounds.begin();
  }

  private async checkOnce(): Promise<void> {
    if (this.file !== undefined && (await versionOf(this.file)) !== this.version) {
      const reading = await this.read(this.file);
      if ('faults' in reading) {
        const { faults } = reading;
        this.log.error({ file: this.file, faults }, 'The PanDA configuration is faulty and changes nothing');
      } else {
        this.unapplied = reading.entries;
      }
    }
    await this.apply();
  }

  private async read(file: string): Promise<Reading> {
    this.version = await versionOf(file);
    const text = await readFile(file, 'utf8');
    const threads = new ThreadPool<ReadTextFunctions>({
      module: programPath('apps/pilots/src/panda/document/read-text-thread.js'),
      ...THREAD_LIMITS,
    });
    try {
      return await threads.run('readText', text);
    } finally {
      await threads.close();
    }
  }

  private async apply(): Promise<void> {
    const entries = this.unapplied;
    if (entries === undefined) return;
    const answer = await this.mailbox.execute({
      context: backgroundContext(PANDA, ACTOR, USERNAME),
      timeMicros: nowMicros(),
      decide: () => readDocument(this.view, entries),
    });
    if ('error' in answer) {
      this.log.warn({ error: answer.error }, 'The PanDA configuration could not be applied; will retry');
      return;
    }
    this.unapplied = undefined;
    if (answer.reply.changed > 0)
      this.log.info({ entries: answer.reply.changed }, 'The PanDA configuration was applied');
  }
}

/** Changes with the file, also when another takes its place. */
const versionOf = async (file: string): Promise<string> => {
  const { ino, size, mtimeMs } = await stat(file);
  return `${String(ino)}/${String(size)}/${String(mtimeMs)}`;
};
