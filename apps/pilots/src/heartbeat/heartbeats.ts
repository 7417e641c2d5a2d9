import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Log } from '#platform/logging.js';
import { entriesUnder } from '#storage/entries-under.js';
import { type KeyValueEntry, KeyValueStore } from '#storage/key-value-store.js';

const PREFIX = 'heartbeat/';

/** Heartbeats reach the disk within this time; a crash loses those of the last seconds. */
const FLUSH_MS = 5_000;

/** Longer than the longest timeout of a worker, so that no entry of a live one ends. */
const KEPT_MS = 30 * 24 * 60 * 60 * 1000;

const MICROS_PER_MS = 1000;

/**
 * When each worker or site was last heard of. A heartbeat that brings nothing new is not an event: it is kept in memory and
 * flushed to the key-value store.
 */
@Injectable()
export class Heartbeats implements OnModuleInit, OnModuleDestroy {
  /** Microseconds since the Unix epoch, by stream. */
  private readonly last = new Map<string, number>();
  private readonly unsaved = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private flushing: Promise<void> = Promise.resolve();

  constructor(
    private readonly keyValueStore: KeyValueStore,
    private readonly log: Log,
  ) {}

  async onModuleInit(): Promise<void> {
    for await (const { key, value } of entriesUnder(this.keyValueStore, PREFIX)) {
      this.last.set(key.slice(PREFIX.length), Number(value));
    }
  }

  async onModuleDestroy(): Promise<void> {
    clearTimeout(this.timer);
    await this.flush();
  }

  record(stream: string, timeMicros: number): void {
    if (timeMicros <= (this.last.get(stream) ?? 0)) return;
    this.last.set(stream, timeMicros);
    this.saveLater(stream);
  }

  lastMicros(stream: string): number | undefined {
    return this.last.get(stream);
  }

  /** The worker has ended. */
  forget(stream: string): void {
    if (this.last.delete(stream)) this.saveLater(stream);
  }

  private saveLater(stream: string): void {
    this.unsaved.add(stream);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.flush();
    }, FLUSH_MS).unref();
  }

  private flush(): Promise<void> {
    this.flushing = this.flushing.then(() => this.save());
    return this.flushing;
  }

  private async save(): Promise<void> {
    const streams = [...this.unsaved];
    this.unsaved.clear();
    const entries: KeyValueEntry[] = [];
    try {
      for (const stream of streams) {
        const micros = this.last.get(stream);
        const key = PREFIX + stream;
        if (micros === undefined) await this.keyValueStore.delete(key);
        else entries.push({ key, value: String(micros), expiresAtMs: micros / MICROS_PER_MS + KEPT_MS });
      }
      if (entries.length > 0) await this.keyValueStore.putAll(entries);
    } catch (error) {
      this.log.warn({ error }, 'Could not save heartbeats; will retry');
      for (const stream of streams) this.saveLater(stream);
    }
  }
}
