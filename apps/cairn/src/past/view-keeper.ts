import { rm } from 'node:fs/promises';
import type { PastAnswer, PastOfWorkload, UnitDifferences, ViewOrder } from '#contracts/cairn/past-view.js';
import type { Environment } from '#platform/environment.js';
import type { Log } from '#platform/logging.js';
import { type Ledger, type Position, START } from '#ledger/ledger.js';
import { lastRevisionUpTo } from '#ledger/revision-search.js';
import type { BlobStore } from '#storage/blob-store.js';
import { Moment, SIGNATURE } from './moment.js';
import { makeOwnFolder, makePastFolder } from './past-folder.js';
import { NearCopies } from './near-copies.js';
import { PastView } from './past-view.js';
import { unitDifferences } from './unit-differences.js';
import { bytesIn, readModelsIn, removeReadModels, ViewCheckpoints } from './view-checkpoints.js';

/** In events of a stream. */
interface Distances {
  /** Between checkpoints: to apply them takes a small part of a second. */
  readonly checkpoints: number;
  /** Between copies where somebody has asked: to apply them takes a small part of the time of an opening. */
  readonly copies: number;
  /** People go back step by step: a moment waits so far behind the one that was asked for. */
  readonly step: number;
}

const DISTANCES: Distances = { checkpoints: 2_000, copies: 250, step: 100 };

/** So many events are applied in the time in which a moment is opened. */
const OPENING_EVENTS = 1_500;

/** Open at the same time: the two of a comparison, and another. */
const MOMENTS_MAX = 3;

/** A page of statuses is some thousand units. What others ask waits for so many at most. */
const COMPARED_PAGES_MAX = 10;

/** An open moment takes over read models of this size sooner than a new one is opened on them: their content is written once more. */
const TAKEN_OVER_BYTES_MAX = 16 * 1024 * 1024;

/** Where a moment can be opened. */
interface Start {
  readonly position: Position;
  /** Puts what it shows into an empty data folder. */
  restore(dataFolder: string): Promise<void>;
  /** It is of no use: what it shows does not fit the ledger. */
  drop(): Promise<void>;
}

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
  private ownFolder: Promise<string> | undefined;
  private readonly near = new NearCopies(() => this.folder());

  constructor(
    private readonly present: Ledger,
    private readonly blobs: BlobStore,
    private readonly environment: Environment,
    private readonly log: Log,
    private readonly distances = DISTANCES,
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

  /**
   * When there is nothing to do, has a moment wait behind the one that was asked for, and keeps copies on the way there.
   *
   * @param isAsked whether there is something to do: then it is left where it is
   */
  async standBehind(isAsked: () => boolean): Promise<void> {
    const past = this.lastAsked;
    this.lastAsked = undefined;
    if (past === undefined || past.position === START) return;
    const target = { ...past, position: await this.stepBehind(past) };
    const start = await this.startOf(target);
    const isBetween = (moment: Moment, from: Position, until: Position): boolean =>
      moment.ref === past.ref && moment.position >= from && moment.position < until;
    if (this.moments.some((moment) => isBetween(moment, target.position, past.position))) return;
    let behind = this.moments.find((moment) => isBetween(moment, start.position, target.position));
    const stops = await this.stopsBetween(target, behind?.position ?? start.position, this.distances.copies);
    for (const position of [...stops, target.position]) {
      if (isAsked()) return;
      behind = await this.waitAt({ ...past, position }, behind, start);
      if (stops.includes(position)) await this.near.save(behind);
    }
  }

  async compare({ from, to, behind: start, limit }: Order<'compare'>): Promise<UnitDifferences> {
    const before = await this.momentOf(from);
    const after = await this.momentOf(to, before.position === to.position ? undefined : before);
    return unitDifferences(async (behind) => [await before.statuses(behind), await after.statuses(behind)], start, {
      limit,
      pagesMax: COMPARED_PAGES_MAX,
    });
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
    if (this.ownFolder !== undefined) await rm(await this.ownFolder, { recursive: true, force: true });
  }

  /** For near copies. */
  private folder(): Promise<string> {
    this.ownFolder ??= makeOwnFolder(this.environment.CAIRN_DATA_DIR, 'view');
    return this.ownFolder;
  }

  private gateway(): Promise<PastView> {
    const { environment, blobs, log } = this;
    const open = async (): Promise<PastView> =>
      PastView.open({ folder: await makePastFolder(environment.CAIRN_DATA_DIR, 'view'), environment, blobs, log });
    this.view ??= open();
    return this.view;
  }

  /** @param except stays where it is */
  private async momentOf(past: PastOfWorkload, except?: Moment): Promise<Moment> {
    const start = await this.startOf(past);
    const [nearest] = this.moments
      .filter((moment) => moment !== except && moment.ref === past.ref && moment.position <= past.position)
      .sort((one, other) => other.position - one.position);
    const isNear =
      nearest !== undefined && (await this.isWithin(past, nearest.position, start.position, OPENING_EVENTS));
    const opened = isNear ? nearest : await this.movedTo(start, past, except);
    return this.goTo(past, opened, start);
  }

  /** The last checkpoint or near copy. */
  private async startOf({ ref, position }: PastOfWorkload): Promise<Start> {
    const checkpoints = this.checkpointsOf(ref);
    const kept = (await checkpoints.lastUpTo(position)) ?? START;
    const near = this.near.lastUpTo(ref, position) ?? START;
    return near > kept
      ? {
          position: near,
          restore: (folder) => this.near.restore(ref, near, folder),
          drop: () => this.near.drop(ref, near),
        }
      : {
          position: kept,
          restore: (folder) => checkpoints.restore(kept, folder),
          drop: () => checkpoints.drop(kept),
        };
  }

  /** Questions are answered also where nothing can be kept. */
  private async isKept(saved: Promise<boolean>): Promise<boolean> {
    try {
      return await saved;
    } catch (error) {
      this.log.warn({ error }, 'A checkpoint of a view of the past could not be kept');
      return false;
    }
  }

  private checkpointsOf(ref: string): ViewCheckpoints {
    return new ViewCheckpoints(this.environment, ref, SIGNATURE);
  }

  /**
   * Brings the moment of a workload that was used longest ago to a start. It is no longer among the others.
   *
   * @returns undefined when a new one is opened sooner
   */
  private async movedTo(start: Start, { ref }: PastOfWorkload, except?: Moment): Promise<Moment | undefined> {
    const moment = this.moments.find((each) => each !== except && each.ref === ref);
    if (moment === undefined || start.position === START) return undefined;
    if ((await bytesIn(readModelsIn(moment.folder))) > TAKEN_OVER_BYTES_MAX) return undefined;
    this.moments = this.moments.filter((each) => each !== moment);
    const folder = await this.emptyFolder();
    try {
      await start.restore(folder);
      await moment.moveTo(start.position, folder);
      return moment;
    } catch (error) {
      this.log.debug({ error }, 'A view of the past does not take over what was kept');
      await this.closeMoment(moment);
      return undefined;
    } finally {
      await removeReadModels(folder);
      this.freeFolders.push(folder);
    }
  }

  /** Brings a moment that is open or a new one, from a start, to the position, and keeps checkpoints on the way. */
  private async goTo(past: PastOfWorkload, opened: Moment | undefined, start: Start): Promise<Moment> {
    const checkpoints = this.checkpointsOf(past.ref);
    let moment = opened;
    if (moment !== undefined) this.moments = this.moments.filter((each) => each !== moment);
    let unkept = 0;
    try {
      for (const position of await this.stopsBetween(
        past,
        moment?.position ?? start.position,
        this.distances.checkpoints,
      )) {
        moment = await this.goOn(moment, { ...past, position }, start);
        unkept += this.distances.checkpoints;
        if (await this.isKept(checkpoints.save(position, moment.folder, unkept))) unkept = 0;
      }
      moment = await this.goOn(moment, past, start);
    } catch (error) {
      // Nobody knows what it shows now.
      if (moment !== undefined) await this.closeMoment(moment);
      throw error;
    }
    this.moments.push(moment);
    if (this.moments.length > MOMENTS_MAX) this.closeOldest();
    return moment;
  }

  private async goOn(moment: Moment | undefined, past: PastOfWorkload, start: Start): Promise<Moment> {
    if (moment !== undefined) {
      if (moment.position !== past.position) await moment.raise(past.position);
      return moment;
    }
    const { present, environment, blobs, log } = this;
    const folder = await this.emptyFolder();
    const place = { present, folder, environment, blobs, log };
    try {
      if (start.position === START) return await Moment.open(place, past);
      await start.restore(folder);
      const opened = await Moment.open(place, past);
      // After a restore of the ledger it may be of another history. Nobody is to try it again.
      if (opened.isNew) await start.drop().catch(() => undefined);
      return opened;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  private async emptyFolder(): Promise<string> {
    return this.freeFolders.pop() ?? makePastFolder(this.environment.CAIRN_DATA_DIR, 'view');
  }

  /** Brings a moment to where it is to wait. The one that was used last stays so. */
  private async waitAt(past: PastOfWorkload, waiting: Moment | undefined, start: Start): Promise<Moment> {
    const opened = waiting ?? (await this.movedTo(start, past, this.moments.at(-1)));
    this.moments = this.moments.filter((each) => each !== opened);
    try {
      const moment = await this.goOn(opened, past, start);
      this.moments.splice(-1, 0, moment);
      if (this.moments.length > MOMENTS_MAX) this.closeOldest();
      return moment;
    } catch (error) {
      if (opened !== undefined) await this.closeMoment(opened);
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

  /** Where something is kept between a position and a later one: each time after so many events of a stream. */
  private async stopsBetween(
    { streams, position: until }: PastOfWorkload,
    from: Position,
    events: number,
  ): Promise<readonly Position[]> {
    const stops: Position[] = [];
    for (const stream of until - from < events ? [] : streams) {
      const [before, last] = [await this.revisionAt(stream, from), await this.revisionAt(stream, until)];
      // Not at its first event, which is revision 0.
      const first = Math.max(1, Math.floor(before / events + 1)) * events;
      for (let revision = first; revision <= last; revision += events) {
        const [event] = await this.present.readStream(stream, { from: revision, limit: 1 });
        if (event !== undefined) stops.push(event.position);
      }
    }
    return stops.sort((one, other) => one - other);
  }

  /** A position a step behind another. */
  private async stepBehind({ streams, position }: PastOfWorkload): Promise<Position> {
    let behind: Position = START;
    for (const stream of streams) {
      const revision = (await this.revisionAt(stream, position)) - this.distances.step;
      const [event] = revision < 0 ? [] : await this.present.readStream(stream, { from: revision, limit: 1 });
      behind = Math.max(behind, event?.position ?? START);
    }
    return behind;
  }

  private revisionAt(stream: string, position: Position): Promise<number> {
    return lastRevisionUpTo(this.present, stream, position);
  }
}
