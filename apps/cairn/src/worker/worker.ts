import { setTimeout as delay } from 'node:timers/promises';
import { type Delivery, Undelivered } from './delivery.js';
import type { FailureLimit } from './failure-limit.js';
import { Heartbeat } from './heartbeat.js';
import { Interrupted } from './http-client.js';
import type { EndSignals } from './run-process.js';
import type { Shutdown } from './shutdown.js';
import type { Result, Spool } from './spool.js';

/** A unit of work that the server has given to this worker. */
export interface ClaimedUnit {
  readonly id: string;
  /** Names the unit in log lines. */
  readonly title: string;
}

/** The outcome of a run, and the result to deliver. */
export interface RunResult {
  /** Log line. */
  readonly summary: string;
  readonly result: Result;
  /** Files of the result by the names in its requests. The spool moves them. */
  readonly files: ReadonlyMap<string, string>;
  /** `stopped`: the result says how far it came before the signals ended it. Other failures then count for nothing. */
  readonly outcome: 'succeeded' | 'failed' | 'machine failed' | 'stopped';
}

/** The API of a server: how units are claimed, run and returned. */
export interface WorkSource<Unit extends ClaimedUnit> {
  /** Claims at most `limit` units; none when none fits now or none may be claimed. */
  claim(limit: number, lastAttempt: AbortSignal, signal: AbortSignal): Promise<readonly Unit[]>;
  /** Runs a unit to its end. `undefined` when another worker has it by now, or when the signals ended it. */
  run(unit: Unit, end: EndSignals): Promise<RunResult | undefined>;
  /** The result that returns an unfinished unit to the server. */
  handBack(unit: Unit): Result;
  /** Removes what the run has left on disk. */
  cleanUp(unit: Unit): Promise<void>;
}

/** Registers the worker with the server and sends its heartbeats. */
export interface Registration {
  register(signal: AbortSignal): Promise<void>;
  /** Sends a heartbeat with the units that the worker holds. */
  beat(unitIds: readonly string[], signal: AbortSignal): Promise<void>;
  /** Ends the registration; the worker holds no units any more. */
  deregister(signal: AbortSignal): Promise<void>;
}

export interface WorkerOptions {
  /** Loops that claim independently of each other. */
  readonly slots: number;
  /** Concurrent units of a slot. */
  readonly unitsPerSlot: number;
  readonly pollMs: number;
  /** Time that running units have to finish after a stop. */
  readonly graceMs: number;
  readonly heartbeatMs: number;
  readonly exitWhenIdle: boolean;
}

interface WorkerParts<Unit extends ClaimedUnit> {
  readonly source: WorkSource<Unit>;
  readonly registration: Registration;
  readonly spool: Spool;
  readonly delivery: Delivery;
  readonly failures: FailureLimit;
  readonly shutdown: Shutdown;
  /** Writes a log line. */
  readonly note: (line: string) => void;
}

/** The longest that a timer can wait. */
const FOREVER_MS = 2 ** 31 - 1;
/** Time for a claim in progress at a stop to be answered: the server may have assigned the unit already. */
const CLAIM_END_MS = 5_000;
/** Time to deliver results after a stop; after it they stay on disk. */
const DELIVERY_END_MS = 10_000;

/** How a worker ended. */
export interface WorkerEnd {
  /** Why it stopped claiming by itself. */
  readonly machineFailure: string | undefined;
  /** Results that stay on disk. */
  readonly undelivered: number;
}

/**
 * Claims units, runs them and delivers their results, which are on disk before they are sent. All other state is on the
 * server, which gives the units of a worker that stops its heartbeats to others.
 */
export class Worker<Unit extends ClaimedUnit> {
  /** Claimed, and not yet reported. */
  private readonly held = new Map<string, Unit>();
  private readonly heartbeat: Heartbeat;
  private running = 0;
  private undelivered = 0;
  private error: Error | undefined;

  constructor(
    private readonly parts: WorkerParts<Unit>,
    private readonly options: WorkerOptions,
  ) {
    const { registration, note } = parts;
    this.heartbeat = new Heartbeat(
      options.heartbeatMs,
      (signal) => registration.beat([...this.held.keys()], signal),
      (error) => note(`no heartbeat: ${messageOf(error)}`),
    );
  }

  /**
   * Works until it is stopped, or until it is idle with `exitWhenIdle`. When one unit or claim fails, the other units are finished.
   *
   * @throws the error with which the server refuses claims
   */
  async run(): Promise<WorkerEnd> {
    const { shutdown, registration, failures, note } = this.parts;
    try {
      await this.deliverAbandoned();
      await registration.register(shutdown.stopping);
    } catch (error) {
      if (error instanceof Interrupted) return { machineFailure: undefined, undelivered: this.undelivered };
      throw error;
    }
    this.heartbeat.start();
    await Promise.all(Array.from({ length: this.options.slots }, () => this.slot()));
    await this.heartbeat.stop();
    // The server releases the units of a deregistered worker, so it stays registered while results wait for delivery.
    if (this.held.size === 0) {
      await registration.deregister(shutdown.after(CLAIM_END_MS)).catch((error: unknown) => {
        note(`still registered: ${messageOf(error)}`);
      });
    }
    if (this.error !== undefined) throw this.error;
    return { machineFailure: failures.exceeded, undelivered: this.undelivered };
  }

  private get isStopping(): boolean {
    return this.parts.shutdown.stopping.aborted;
  }

  /** Delivers results of dead workers before any unit is claimed. */
  private async deliverAbandoned(): Promise<void> {
    const { spool, delivery, note, shutdown } = this.parts;
    const entries = await spool.abandoned();
    if (entries.length > 0) note(`${entries.length} results of an earlier run are on disk`);
    for (const entry of entries) {
      try {
        if (await delivery.deliver(entry, shutdown.after(0))) note(`delivered ${entry.title}`);
      } catch (error) {
        if (!(error instanceof Undelivered)) throw error;
        this.undelivered += 1;
        note(`stays on disk: ${entry.title}: ${error.message}`);
      }
    }
  }

  /** Claims again when one of its units has ended, and at intervals while it has room. */
  private async slot(): Promise<void> {
    const { unitsPerSlot, exitWhenIdle, pollMs } = this.options;
    const { stopping } = this.parts.shutdown;
    const own = new Set<Promise<void>>();
    let news = new AbortController();
    while (!this.isStopping) {
      news = new AbortController();
      const units = own.size < unitsPerSlot ? await this.claim(unitsPerSlot - own.size) : [];
      for (const unit of units) {
        const end: Promise<void> = this.process(unit).finally(() => {
          own.delete(end);
          news.abort();
        });
        own.add(end);
      }
      if (units.length === 0 && exitWhenIdle && this.running === 0) break;
      const pauseMs = own.size < unitsPerSlot ? pollMs : FOREVER_MS;
      await pause(pauseMs, AbortSignal.any([stopping, news.signal]));
    }
    await Promise.all(own);
  }

  /** Works on a unit until its result is delivered, and pauses after a failure of this machine. */
  private async process(unit: Unit): Promise<void> {
    const { shutdown, source, failures, note } = this.parts;
    this.hold(unit);
    this.running += 1;
    try {
      await this.work(unit).finally(() => (this.running -= 1));
      await source.cleanUp(unit);
    } catch (error) {
      this.fail(error);
    }
    const reason = failures.exceeded;
    if (reason !== undefined) shutdown.drain();
    else if (failures.pauseMs > 0) {
      note(`waits ${String(failures.pauseMs / 1000)} s after a failure of this machine`);
      await pause(failures.pauseMs, shutdown.stopping);
    }
  }

  private async claim(limit: number): Promise<readonly Unit[]> {
    const { source, shutdown } = this.parts;
    try {
      return await source.claim(limit, shutdown.stopping, shutdown.after(CLAIM_END_MS));
    } catch (error) {
      if (!(error instanceof Interrupted)) this.fail(error);
      return [];
    }
  }

  /** The first error ends the claims; {@link run} throws it at the end. */
  private fail(error: unknown): void {
    const { note, shutdown } = this.parts;
    note(`takes no more work: ${messageOf(error)}`);
    this.error ??= error instanceof Error ? error : new Error(String(error));
    shutdown.drain();
  }

  private hold(unit: Unit): void {
    this.held.set(unit.id, unit);
    this.heartbeat.changed();
  }

  private release(unit: Unit): void {
    this.held.delete(unit.id);
    this.heartbeat.changed();
  }

  private async work(unit: Unit): Promise<void> {
    const { source, shutdown, spool, failures, note } = this.parts;
    const interrupted = shutdown.after(this.options.graceMs);
    let run: RunResult | undefined;
    if (!this.isStopping) {
      try {
        run = await source.run(unit, { interrupted, halted: shutdown.halted });
      } catch (error) {
        if (!(error instanceof Interrupted)) {
          // The server does not answer: the next start returns this unit.
          await spool.add(source.handBack(unit));
          this.undelivered += 1;
          throw error;
        }
      }
    }
    if (run === undefined && !this.isStopping) {
      this.release(unit);
      return;
    }
    if (run === undefined || ((run.outcome === 'failed' || run.outcome === 'machine failed') && interrupted.aborted)) {
      // Interrupting a unit is not a failure of the unit.
      note(`hands back ${unit.title}`);
      await this.deliver(unit, source.handBack(unit));
      return;
    }
    if (run.outcome === 'machine failed') failures.failed(run.summary);
    else if (run.outcome === 'succeeded') failures.succeeded();
    if (await this.deliver(unit, run.result, run.files)) note(run.summary);
  }

  /** Resolves with whether the server accepted the result. An undelivered result stays on disk, and the unit stays held. */
  private async deliver(unit: Unit, result: Result, files?: ReadonlyMap<string, string>): Promise<boolean> {
    const { spool, delivery, shutdown, note } = this.parts;
    const entry = await spool.add(result, files);
    try {
      const isTaken = await delivery.deliver(entry, shutdown.after(DELIVERY_END_MS));
      this.release(unit);
      return isTaken;
    } catch (error) {
      this.undelivered += 1;
      note(`stays on disk: ${unit.title}: ${messageOf(error)}`);
      if (error instanceof Undelivered || error instanceof Interrupted) return false;
      throw error;
    }
  }
}

const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  await delay(ms, undefined, { signal }).catch(() => undefined);
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
