import type { ViewOrder } from '#contracts/cairn/past-view.js';
import type { Environment } from '#platform/environment.js';
import { DomainError } from '#platform/domain-error.js';
import type { Log } from '#platform/logging.js';
import { type Ledger, type Position, START } from '#ledger/ledger.js';
import { lastRevisionUpTo } from '#ledger/revision-search.js';
import { makePastFolder } from './past-folder.js';
import { PastView } from './past-view.js';
import { ViewCheckpoints } from './view-checkpoints.js';

/** So many events of a stream apart, checkpoints are kept. */
const CHECKPOINT_EVENTS = 20_000;

/** So many events are applied in the time in which a view is opened. */
const OPENING_EVENTS = 10_000;

type Show = Extract<ViewOrder, { kind: 'show' }>;

interface Shown {
  readonly ref: string;
  readonly position: Position;
  readonly view: PastView;
}

/** Holds one view at a time, and brings it to the moment that is asked for in the quickest way. */
export class ViewKeeper {
  private shown: Shown | undefined;
  /** Events since the last checkpoint. */
  private unkept = 0;

  constructor(
    private readonly present: Ledger,
    private readonly environment: Environment,
    private readonly log: Log,
  ) {}

  async show(order: Show): Promise<void> {
    const { ref, until } = order;
    const checkpoints = new ViewCheckpoints(this.environment.CAIRN_DATA_DIR, ref);
    const kept = (await checkpoints.lastUpTo(until)) ?? START;
    const here = this.shown?.ref === ref && this.shown.position <= until ? this.shown.position : undefined;
    const isNear = here !== undefined && (await this.eventsBetween(order, here, kept)) <= OPENING_EVENTS;
    if (!isNear) await this.close();
    for (const position of await this.stopsBetween(order, isNear ? here : kept)) {
      await this.goTo(position, order, checkpoints, kept);
      const view = this.shown?.view;
      this.unkept += CHECKPOINT_EVENTS;
      if (view !== undefined && (await checkpoints.save(position, view.folder, this.unkept))) this.unkept = 0;
    }
    await this.goTo(until, order, checkpoints, kept);
  }

  /** The view that is shown. @throws DomainError when what was ordered could not be shown */
  get view(): PastView {
    if (this.shown === undefined) throw new DomainError('unavailable', 'past.not-shown', 'Nothing is shown, ask again');
    return this.shown.view;
  }

  async close(): Promise<void> {
    const { shown } = this;
    this.shown = undefined;
    await shown?.view.close();
  }

  private async goTo(until: Position, order: Show, checkpoints: ViewCheckpoints, kept: Position): Promise<void> {
    const { ref, streams } = order;
    let view = this.shown?.view;
    this.shown = undefined;
    if (view === undefined) {
      const { present, environment, log } = this;
      const folder = await makePastFolder(environment.CAIRN_DATA_DIR, 'view');
      if (kept > START) await checkpoints.restore(kept, folder);
      this.unkept = 0;
      view = await PastView.open({ streams, until }, { present, folder, environment, log });
    } else await view.raise(until);
    this.shown = { ref, position: until, view };
  }

  private async eventsBetween({ streams }: Show, from: Position, to: Position): Promise<number> {
    let events = 0;
    for (const stream of to > from ? streams : []) {
      const [before, last] = [await this.revisionAt(stream, from), await this.revisionAt(stream, to)];
      events += last - before;
    }
    return events;
  }

  /** Where checkpoints belong between two moments. */
  private async stopsBetween({ streams, until }: Show, from: Position): Promise<readonly Position[]> {
    const stops: Position[] = [];
    for (const stream of streams) {
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
