import type { OnApplicationShutdown } from '@nestjs/common';
import { DomainError } from '#platform/domain-error.js';
import type { Log } from '#platform/logging.js';
import { VISIBLE_WITHIN_MS } from '#bus/visibility.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import { arrayStatement } from '#event-sourcing/array-statement.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import type { Ledger } from '#ledger/ledger.js';
import { partsOfStream, ref, streamName } from '#ledger/ref.js';
import { DIALECTS } from '../dialects.js';
import { historyProjection } from './history-projection.js';

/** Small, because most of the index is written once and seldom read. */
const CACHE_KIB = 8 * 1024;

const STREAMS_PAGE = 1000;

/** Behind every name that begins with a prefix: no name of a stream has other characters than ASCII ones. */
const BEHIND_ALL = '\u007F';

const prepare = perConnection((database) => ({
  streamsFrom: arrayStatement<[string]>(
    database,
    'SELECT name FROM stream WHERE name > ? AND name < ? ORDER BY name LIMIT ?',
  ),
  firstStream: arrayStatement<[string]>(database, 'SELECT name FROM stream WHERE name = ?'),
}));

export interface HistoryIndexOptions {
  readonly file: string;
  readonly ledger: Ledger;
  readonly log?: Log;
}

/**
 * Finds events by what they are about, in order of effect, without their texts: those are in the ledger. A read model of its own, because it
 * numbers the events in the order in which all services see them. A service does not wait for it at its start: questions are refused as
 * `unavailable` as long as it is being rebuilt.
 */
export class HistoryIndex implements OnApplicationShutdown {
  private constructor(private readonly model: ReadModel) {}

  static async open({ file, ledger, log }: HistoryIndexOptions): Promise<HistoryIndex> {
    const model = await ReadModel.open({
      ...{ file, ledger, projections: [historyProjection], cacheKib: CACHE_KIB },
      ...(log !== undefined && { log }),
    });
    model.start();
    return new HistoryIndex(model);
  }

  /** Resolves when everything is found that the ledger holds now, or a little later with what is found then. */
  async showHead(): Promise<void> {
    await this.model.waitForHead(VISIBLE_WITHIN_MS);
  }

  /** Resolves when everything is found that stood in the ledger at the start. */
  caughtUp(): Promise<void> {
    return this.model.caughtUp();
  }

  /**
   * Names of streams that begin with a prefix, in order of the names: at most `limit` of those behind `after`.
   *
   * @throws DomainError `unavailable` while the index is being rebuilt
   */
  streams(
    prefix: string,
    { after = '', limit = STREAMS_PAGE }: { readonly after?: string; readonly limit?: number } = {},
  ): readonly string[] {
    const { streamsFrom, firstStream } = this.statements;
    const exact = after === '' ? firstStream.all(prefix) : [];
    const start = after > prefix ? after : prefix;
    return [...exact, ...streamsFrom.all(start, prefix + BEHIND_ALL, limit - exact.length)].map(([name]) => name);
  }

  /** Whether an event of the stream has taken effect. */
  has(stream: string): boolean {
    return this.statements.firstStream.get(stream) !== undefined;
  }

  /**
   * The ref of a workload that has a history, though it may be deleted: `iceprod.main.8f1c`.
   *
   * @param idOrRef its ref, or its public id where only one dialect has a workload of this id
   * @throws DomainError `not-found`; `conflict` when workloads of several dialects have the id; `unavailable` while the index is being rebuilt
   */
  resolveWorkload(idOrRef: string): string {
    const { namespace, dialect: named } = partsOfStream(streamName('workload', idOrRef));
    const dialect = DIALECTS.find(({ name }) => name === named);
    if (dialect?.workloads !== undefined && namespace === 'main' && this.has(streamName(dialect.workloads, idOrRef))) {
      return idOrRef;
    }
    const found = DIALECTS.flatMap(({ name, workloads }) => {
      const candidate = ref(name, 'main', idOrRef);
      return workloads !== undefined && this.has(streamName(workloads, candidate)) ? [candidate] : [];
    });
    const [only, ...others] = found;
    if (only === undefined) throw new DomainError('not-found', 'workload.not-found', 'Workload not found');
    if (others.length === 0) return only;
    throw new DomainError('conflict', 'workload.ambiguous', `Several workloads have this id: ${found.join(', ')}`);
  }

  onApplicationShutdown(): Promise<void> {
    return this.close();
  }

  close(): Promise<void> {
    return this.model.close();
  }

  private get statements(): ReturnType<typeof prepare> {
    if (this.model.behind) {
      throw new DomainError(
        'unavailable',
        'history.rebuilding',
        'The index of the history is being rebuilt, ask again',
      );
    }
    return prepare(this.model.queries);
  }
}
