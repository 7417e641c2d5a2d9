import type { Caller } from '#bus/contract.js';
import type { PastAnswer } from '#contracts/cairn/past-view.js';
import type { PastQuestion } from '#contracts/cairn/past.js';
import type { UnitPlace, UnitStatuses } from '#contracts/workloads.js';
import { type Ledger, type Position, START } from '#ledger/ledger.js';
import { lastRevisionUpTo } from '#ledger/revision-search.js';
import type { Log } from '#platform/logging.js';
import { ViewProcess } from './view-process.js';

/** Processes at the same time: for a workload, for the same a little earlier, and one that waits for another. */
const PROCESSES_MAX = 3;

/** After this time without a question the processes end. */
const IDLE_MS = 10 * 60_000;

/** So many events of its workload a view stays behind the last question. */
const EVENTS_BEHIND = 2_000;

/** The past of one workload, in a process of its own. */
interface View {
  readonly process: ViewProcess;
  /** What it shows when it has carried out its orders; undefined as long as it waits for the first. */
  shown: { readonly ref: string; readonly position: Position } | undefined;
  lastAsked: number;
}

export interface PastOfWorkload {
  readonly ref: string;
  /** All that its documents are made of. */
  readonly streams: readonly string[];
  readonly position: Position;
}

/** Shows the past of workloads in processes that are kept: later moments are reached by going on. */
export class PastViews {
  private views: View[] = [];
  private questions = 0;
  private idle: NodeJS.Timeout | undefined;

  constructor(
    private readonly ledger: Ledger,
    private readonly log: Log,
  ) {}

  /**
   * Answers questions about one moment.
   *
   * @throws DomainError
   */
  async ask(
    past: PastOfWorkload,
    questions: readonly PastQuestion[],
    { username, roles, groups }: Caller,
  ): Promise<readonly PastAnswer[]> {
    const view = this.viewFor(past);
    const shown = this.show(view, past);
    const asked = questions.map((question) => {
      return view.process.send({ kind: 'ask', ...question, caller: { username, roles, groups } });
    });
    const [, ...answers] = await Promise.all([shown, ...asked]);
    this.keepSpare();
    void this.keepBehind(past, view).catch((error: unknown) => this.log.warn({ error }, 'No view stays behind'));
    return answers.filter((answer) => answer !== undefined && 'body' in answer);
  }

  /** The next units behind a place, with their statuses at two moments. */
  async statuses(
    from: PastOfWorkload,
    to: PastOfWorkload,
    behind: UnitPlace | undefined,
  ): Promise<readonly [UnitStatuses, UnitStatuses]> {
    const before = this.viewFor(from);
    // One view that went back and forth would be opened again each time.
    const after = this.viewFor(to, before);
    const list = async (view: View, past: PastOfWorkload): Promise<UnitStatuses> => {
      const shown = this.show(view, past);
      const order = { kind: 'statuses', ref: past.ref, ...(behind !== undefined && { behind }) } as const;
      const [, answer] = await Promise.all([shown, view.process.send(order)]);
      return answer !== undefined && 'units' in answer ? answer : { units: [], isLast: true };
    };
    return Promise.all([list(before, from), list(after, to)]);
  }

  async close(): Promise<void> {
    clearTimeout(this.idle);
    await Promise.all(this.views.map(({ process }) => process.stop()));
  }

  /** The view that is nearest before the moment, or one that is free. */
  private viewFor({ ref, position }: PastOfWorkload, except?: View): View {
    this.stopWhenIdle();
    const [nearest] = this.viewsUpTo(ref, position).filter((view) => view !== except);
    const view = nearest ?? this.freeView(except);
    view.lastAsked = this.questions += 1;
    return view;
  }

  /** Views of a workload at a position or before it, the nearest first. */
  private viewsUpTo(ref: string, position: Position): readonly View[] {
    const at = ({ shown }: View): Position => shown?.position ?? START;
    return this.views
      .filter(({ shown }) => shown?.ref === ref && shown.position <= position)
      .sort((one, other) => at(other) - at(one));
  }

  /** Has a view show a moment; sent at once, so that what is sent next is about it. */
  private show(view: View, { ref, streams, position }: PastOfWorkload): Promise<unknown> {
    const isThere = view.shown?.ref === ref && view.shown.position === position;
    view.shown = { ref, position };
    if (isThere) return Promise.resolve();
    return view.process.send({ kind: 'show', ref, streams, until: position }).catch((error: unknown) => {
      // Nobody knows what it shows now.
      void view.process.stop();
      throw error;
    });
  }

  /** People go back step by step: a view that stays behind can be brought to each of the moments before. */
  private async keepBehind(past: PastOfWorkload, asked: View): Promise<void> {
    const { ref, position } = past;
    const behind = await this.positionBefore(past);
    const isCovered = this.viewsUpTo(ref, position).some(
      ({ shown }) => shown !== undefined && shown.position >= behind && shown.position < position,
    );
    if (behind === START || isCovered) return;
    const view = this.freeView();
    if (view === asked || view.process.isBusy) return;
    await this.show(view, { ...past, position: behind });
  }

  /** One that waits, or one more, or that which was not asked for the longest time. */
  private freeView(except?: View): View {
    const spare = this.views.find(({ shown }) => shown === undefined);
    if (spare !== undefined) return spare;
    if (this.views.length < PROCESSES_MAX) return this.startView();
    const [oldest] = this.views.filter((view) => view !== except).sort((one, other) => one.lastAsked - other.lastAsked);
    return oldest ?? this.startView();
  }

  private startView(): View {
    const process = new ViewProcess(() => {
      this.views = this.views.filter((each) => each !== view);
    });
    const view: View = { process, shown: undefined, lastAsked: 0 };
    this.views.push(view);
    return view;
  }

  /** One process waits, because its start takes longer than most answers. */
  private keepSpare(): void {
    if (this.views.length < PROCESSES_MAX && this.views.every(({ shown }) => shown !== undefined)) this.startView();
  }

  private stopWhenIdle(): void {
    clearTimeout(this.idle);
    this.idle = setTimeout(() => {
      for (const { process } of this.views) void process.stop();
    }, IDLE_MS).unref();
  }

  /** Some events of the workload before a moment; the start when there are none. */
  private async positionBefore({ streams, position }: PastOfWorkload): Promise<Position> {
    let behind: Position = START;
    for (const stream of streams) {
      const revision = (await lastRevisionUpTo(this.ledger, stream, position)) - EVENTS_BEHIND;
      const [event] = revision < 0 ? [] : await this.ledger.readStream(stream, { from: revision, limit: 1 });
      behind = Math.max(behind, event?.position ?? START);
    }
    return behind;
  }
}
