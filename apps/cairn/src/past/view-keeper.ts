import { rm } from 'node:fs/promises';
import type { ComparedStatuses, PastAnswer, PastOfWorkload, ViewOrder } from '#contracts/cairn/past-view.js';
import type { Environment } from '#platform/environment.js';
import type { Log } from '#platform/logging.js';
import { type Ledger, type Position, START } from '#ledger/ledger.js';
import { lastRevisionUpTo } from '#ledger/revision-search.js';
import { Moment } from './moment.js';
import { makePastFolder } from './past-folder.js';
import { PastView } from './past-view.js';
import { removeReadModels, ViewCheckpoints } from './view-checkpoints.js';

/** So many events of a stream apart, checkpoints are kept: to apply them takes a small part of a second. */
const CHECKPOINT_EVENTS = 2_000;

/** So many events are applied in the time in which a moment is opened. */
const OPENING_EVENTS = 1_500;

/** Open at the same time: the two of a comparison, and another. */
const MOMENTS_MAX = 3;

type Order<Kind extends ViewOrder['kind']> = Omit<Extract<ViewOrder, { kind: Kind }>, 'kind'>;

/** Brings moments before the gateway of this process, each in the quickest way. One order at a time. */
export class ViewKeeper {
  private view: Promise<PastView> | undefined;
  /** The one that was used last is the last one. */
  private moments: Moment[] = [];
  private closing: Promise<void> = Promise.resolve();
  private lastAsked: PastOfWorkload | undefined;
  /** Folders of moments that are closed: another one takes what it would have to make else. */
  private readonly freeFolders: string[] = [];

  constructor(
    private readonly present: Ledger,
    private readonly environment: Environment,
    private readonly log: Log,
  ) {}

  /** Starts the gateway, which takes longer than most answers. */
  async prepare(): Promise<void> {
    await this.gateway();
  }

  async ask(asked: Order<'ask'>): Promise<PastAnswer> {
    const [view, moment] = [await this.gateway(), await this.momentOf(asked.past)];
    view.show(moment);
    this.lastAsked = asked.past;
    return view.ask(asked);
  }

  /** When there is nothing to do: people go back step by step, so a moment waits at the checkpoint before the one that was asked for. */
  async standBehind(): Promise<void> {
    const past = this.lastAsked;
    this.lastAsked = undefined;
    if (past === undefined || past.position === START) return;
    const checkpoints = new ViewCheckpoints(this.environment, past.ref);
    const kept = (await checkpoints.lastUpTo(past.position - 1)) ?? START;
    const isThere = this.moments.some(
      ({ ref, position }) => ref === past.ref && position >= kept && position < past.position,
    );
    if (isThere) return;
    const behind = await this.goOn(undefined, { ...past, position: kept }, kept, checkpoints);
    this.moments.splice(-1, 0, behind);
    if (this.moments.length > MOMENTS_MAX) this.closeOldest();
  }

  async compare({ from, to, behind }: Order<'compare'>): Promise<ComparedStatuses> {
    const before = await this.momentOf(from);
    const statuses = await before.statuses(behind);
    // One that went back and forth would be opened again for each page.
    const after = await this.momentOf(to, before.position === to.position ? undefined : before);
    return [statuses, await after.statuses(behind)];
  }

  /** Makes the checkpoints up to a moment. */
  async keep({ past }: Order<'keep'>): Promise<void> {
    await this.momentOf(past);
  }

  async close(): Promise<void> {
    const moments = this.moments.splice(0);
    await Promise.all([this.closing, ...moments.map((moment) => this.closeMoment(moment))]);
    for (const folder of this.freeFolders) await rm(folder, { recursive: true, force: true });
    await (await this.view)?.close();
  }

  private gateway(): Promise<PastView> {
    const { environment, log } = this;
    const open = async (): Promise<PastView> =>
      PastView.open({ folder: await makePastFolder(environment.CAIRN_DATA_DIR, 'view'), environment, log });
    this.view ??= open();
    return this.view;
  }

  /** @param except stays where it is */
  private async momentOf(past: PastOfWorkload, except?: Moment): Promise<Moment> {
    const checkpoints = new ViewCheckpoints(this.environment, past.ref);
    const kept = (await checkpoints.lastUpTo(past.position)) ?? START;
    const [nearest] = this.moments
      .filter((moment) => moment !== except && moment.ref === past.ref && moment.position <= past.position)
      .sort((one, other) => other.position - one.position);
    const isNear = nearest !== undefined && (await this.isWithin(past, nearest.position, kept, OPENING_EVENTS));
    return this.goTo(past, isNear ? nearest : undefined, kept, checkpoints);
  }

  /** Brings a moment that is open or a new one, from a checkpoint, to the position, and keeps checkpoints on the way. */
  private async goTo(
    past: PastOfWorkload,
    opened: Moment | undefined,
    kept: Position,
    checkpoints: ViewCheckpoints,
  ): Promise<Moment> {
    let moment = opened;
    if (moment !== undefined) this.moments = this.moments.filter((each) => each !== moment);
    let unkept = 0;
    try {
      for (const position of await this.stopsBetween(past, moment?.position ?? kept)) {
        moment = await this.goOn(moment, { ...past, position }, kept, checkpoints);
        unkept += CHECKPOINT_EVENTS;
        if (await checkpoints.save(position, moment.folder, unkept)) unkept = 0;
      }
      moment = await this.goOn(moment, past, kept, checkpoints);
    } catch (error) {
      // Nobody knows what it shows now.
      if (moment !== undefined) await this.closeMoment(moment);
      throw error;
    }
    this.moments.push(moment);
    if (this.moments.length > MOMENTS_MAX) this.closeOldest();
    return moment;
  }

  private async goOn(
    moment: Moment | undefined,
    past: PastOfWorkload,
    kept: Position,
    checkpoints: ViewCheckpoints,
  ): Promise<Moment> {
    if (moment !== undefined) {
      if (moment.position !== past.position) await moment.raise(past.position);
      return moment;
    }
    const { present, environment, log } = this;
    const folder = this.freeFolders.pop() ?? (await makePastFolder(environment.CAIRN_DATA_DIR, 'view'));
    try {
      if (kept > START) await checkpoints.restore(kept, folder);
      return await Moment.open({ present, folder, environment, log }, past);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  private async closeMoment(moment: Moment): Promise<void> {
    await moment.close();
    await removeReadModels(moment.folder);
    this.freeFolders.push(moment.folder);
  }

  /** Nobody waits for it. */
  private closeOldest(): void {
    const [oldest] = this.moments.splice(0, 1);
    if (oldest === undefined) return;
    this.closing = Promise.all([this.closing, this.closeMoment(oldest)]).then(
      () => undefined,
      (error: unknown) => this.log.warn({ error }, 'A view of the past could not be closed'),
    );
  }

  /** Whether a workload has at most so many events between two positions. */
  private async isWithin({ streams }: PastOfWorkload, from: Position, to: Position, most: number): Promise<boolean> {
    if (to - from <= most) return true;
    let events = 0;
    for (const stream of streams) {
      events += (await this.revisionAt(stream, to)) - (await this.revisionAt(stream, from));
      if (events > most) return false;
    }
    return true;
  }

  /** Where checkpoints belong between a position and a later one. */
  private async stopsBetween(
    { streams, position: until }: PastOfWorkload,
    from: Position,
  ): Promise<readonly Position[]> {
    const stops: Position[] = [];
    for (const stream of until - from < CHECKPOINT_EVENTS ? [] : streams) {
      const [before, last] = [await this.revisionAt(stream, from), await this.revisionAt(stream, until)];
      const first = Math.floor(before / CHECKPOINT_EVENTS + 1) * CHECKPOINT_EVENTS;
      for (let revision = first; revision <= last; revision += CHECKPOINT_EVENTS) {
        const [event] = await this.present.readStream(stream, { from: revision, limit: 1 });
        if (event !== undefined) stops.push(event.position);
      }
    }
    return stops.sort((one, other) => one - other);
  }

  private revisionAt(stream: string, position: Position): Promise<number> {
    return lastRevisionUpTo(this.present, stream, position);
  }
}
