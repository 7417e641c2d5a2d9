import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Log } from '#platform/logging.js';
import { LOG_BLOBS } from '#contracts/iceprod/logs.js';
import { BlobStore } from '#keep/blob-store.js';
import { ReadModel } from '#projection/read-model.js';
import { Logs } from '../log/log-rows.js';
import { STAT_BLOBS, TaskStats } from '../task-stat/task-stat-rows.js';
import { Workloads } from '../workload/workloads.js';

/** A start is busy enough. */
const FIRST_MS = 5_000;

const EVERY_MS = 60 * 60 * 1000;

/** Far longer than it can take from beginning to store a blob to recording what it belongs to. */
const AGE_MS = 24 * 60 * 60 * 1000;

/** Blobs of one kind, and whether anything on record is such a blob. */
interface Kind {
  readonly prefix: string;
  readonly holds: (key: string) => boolean;
}

/**
 * Deletes blobs that belong to nothing: those whose log or statistics were refused, repeated or never recorded, those
 * that a crash kept from being deleted, and those that a crash kept from being finished.
 */
@Injectable()
export class OrphanCollector implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly kinds: readonly Kind[];
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly readModel: ReadModel,
    private readonly blobs: BlobStore,
    private readonly log: Log,
  ) {
    const { queries } = readModel;
    const workloads = new Workloads(queries);
    const [logs, stats] = [new Logs(queries, workloads), new TaskStats(queries, workloads)];
    this.kinds = [
      { prefix: LOG_BLOBS, holds: (key) => logs.holds(key) },
      { prefix: STAT_BLOBS, holds: (key) => stats.holds(key) },
    ];
  }

  onApplicationBootstrap(): void {
    this.collectIn(FIRST_MS);
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** @returns how many blobs are gone, finished and unfinished ones */
  async collect(nowMs: number): Promise<number> {
    const bornBeforeMs = nowMs - AGE_MS;
    let collected = await this.blobs.dropUnfinished(bornBeforeMs);
    for (const { prefix, holds } of this.kinds) {
      for await (const { key, storedMs } of this.blobs.list(prefix)) {
        // Tables that are being made again do not hold everything yet.
        if (this.stopped || this.readModel.behind) return collected;
        if (storedMs >= bornBeforeMs || holds(key)) continue;
        await this.blobs.delete(key);
        collected += 1;
      }
    }
    if (collected > 0) this.log.info({ collected }, 'deleted blobs that belong to nothing');
    return collected;
  }

  private collectIn(delayMs: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => void this.round(), delayMs).unref();
  }

  private async round(): Promise<void> {
    try {
      await this.collect(Date.now());
    } catch (error) {
      // What a shutdown breaks off is no news.
      if (!this.stopped) this.log.error({ error }, 'blobs that belong to nothing could not be collected');
    }
    this.collectIn(EVERY_MS);
  }
}
