import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Log } from '#platform/logging.js';
import { LOG_BLOBS } from '#contracts/iceprod/logs.js';
import { BlobStore } from '#keep/blob-store.js';
import { ReadModel } from '#projection/read-model.js';
import { Workloads } from '../workload/workloads.js';
import { Logs } from './log-rows.js';

const EVERY_MS = 60 * 60 * 1000;

/** Far longer than it can take from writing a body to recording its log. */
const AGE_MS = 24 * 60 * 60 * 1000;

/**
 * Deletes bodies that belong to no log: those whose log was refused or never recorded, and those that a crash kept from
 * being deleted.
 */
@Injectable()
export class OrphanCollector implements OnModuleInit, OnApplicationShutdown {
  private readonly logs: Logs;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly readModel: ReadModel,
    private readonly blobs: BlobStore,
    private readonly log: Log,
  ) {
    this.logs = new Logs(readModel.queries, new Workloads(readModel.queries));
  }

  onModuleInit(): void {
    this.timer = setInterval(() => {
      this.collect(Date.now()).catch((error: unknown) => this.log.error({ error }, 'orphans could not be collected'));
    }, EVERY_MS);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** @returns how many bodies are gone */
  async collect(nowMs: number): Promise<number> {
    let collected = 0;
    for await (const { key, storedMs } of this.blobs.list(LOG_BLOBS)) {
      // Tables that are being made again do not hold all logs yet.
      if (this.readModel.behind) return collected;
      if (nowMs - storedMs < AGE_MS || this.logs.holds(key)) continue;
      await this.blobs.delete(key);
      collected += 1;
    }
    if (collected > 0) this.log.info({ collected }, 'deleted bodies that belong to no log');
    return collected;
  }
}
