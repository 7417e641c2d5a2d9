import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { Bus } from '#bus/bus.js';
import { GetPandaUsers, GetPandaVos, type Vo } from '#contracts/panda/configuration.js';
import { DomainError } from '#platform/domain-error.js';
import { Log } from '#platform/logging.js';
import { roundsReportingFirst } from '#platform/rounds.js';
import { ownContext } from '../../edge/own-context.js';

/** How often `pilots` is asked: a change of the configuration takes effect so soon. */
const POLL_MS = 2_000;
/** After a start, the configuration is not there at once: callers wait for so long, and ask so often. */
const FIRST_MS = 5_000;
const FIRST_POLL_MS = 50;

/** What is configured of VOs and users. */
export interface Directory {
  readonly vos: ReadonlyMap<string, Vo>;
  /** Compact names. */
  readonly banned: ReadonlySet<string>;
}

/** A copy of the VOs and of who is banned. The last one counts while `pilots` cannot be reached. */
@Injectable()
export class VoDirectory implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly rounds = roundsReportingFirst(
    () => this.refresh(),
    (error) => this.log.warn({ error }, "PanDA's VOs not available"),
  );
  private text = '';
  private copy: Directory | undefined;
  private fetching: Promise<Directory> | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.rounds.start(POLL_MS, 0);
  }

  onApplicationShutdown(): void {
    // Nothing depends on an answer that is still awaited.
    void this.rounds.stop();
  }

  /**
   * The same object until something changes.
   *
   * @throws (rejects with) DomainError kind `unavailable` when nothing has been heard of the configuration yet
   */
  current(): Directory | Promise<Directory> {
    return this.copy ?? this.first();
  }

  /** What was heard holds no longer: it is asked anew. */
  forget(): void {
    this.text = '';
    this.copy = undefined;
  }

  /** There is at least one VO, unless `pilots` has just begun. */
  private async first(): Promise<Directory> {
    const untilMs = performance.now() + FIRST_MS;
    while (performance.now() < untilMs) {
      const directory = await this.refresh();
      if (directory.vos.size > 0) return directory;
      await delay(FIRST_POLL_MS);
    }
    throw new DomainError('unavailable', 'panda.vos-unknown', 'the VOs are not known yet');
  }

  private refresh(): Promise<Directory> {
    this.fetching ??= this.fetch().finally(() => (this.fetching = undefined));
    return this.fetching;
  }

  private async fetch(): Promise<Directory> {
    const context = ownContext('gateway-panda-directory');
    const [{ vos }, { users }] = await Promise.all([
      this.bus.request(GetPandaVos, {}, context),
      this.bus.request(GetPandaUsers, {}, context),
    ]);
    const text = JSON.stringify([vos, users]);
    if (this.copy !== undefined && text === this.text) return this.copy;
    const banned = users.filter(({ status }) => status === 'disabled').map(({ name }) => name);
    const directory = { vos: new Map(vos.map((vo) => [vo.name, vo])), banned: new Set(banned) };
    if (vos.length === 0) return directory;
    this.text = text;
    this.copy = directory;
    return directory;
  }
}
