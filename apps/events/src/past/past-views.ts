import type { Caller } from '#bus/contract.js';
import type { PastAnswer, ViewOrder } from '#contracts/cairn/past-view.js';
import type { PastQuestion } from '#contracts/cairn/past.js';
import type { Position } from '#ledger/ledger.js';
import { ViewProcess } from './view-process.js';

/** Processes at the same time: for a workload, for the same a little earlier, and one that waits for another. */
const PROCESSES_MAX = 3;

/** After this time without a question the processes end. */
const IDLE_MS = 10 * 60_000;

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

/** Shows the past of workloads in processes that are kept: a moment behind one that was asked for is reached by going on. */
export class PastViews {
  private views: View[] = [];
  private questions = 0;
  private idle: NodeJS.Timeout | undefined;

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
    this.stopWhenIdle();
    const { process, orders } = this.viewOf(past);
    const asked = questions.map((question): ViewOrder => {
      return { kind: 'ask', ...question, caller: { username, roles, groups } };
    });
    // Sent at once, so that no other question moves the view in between.
    const answers = await Promise.all([...orders, ...asked].map((order) => process.send(order)));
    this.keepSpare();
    return answers.filter((answer) => answer !== undefined);
  }

  async close(): Promise<void> {
    clearTimeout(this.idle);
    await Promise.all(this.views.map(({ process }) => process.stop()));
  }

  /** A view, and what brings it to the moment. */
  private viewOf({ ref, streams, position }: PastOfWorkload): {
    readonly process: ViewProcess;
    readonly orders: readonly ViewOrder[];
  } {
    const before = (view: View): Position =>
      view.shown?.ref === ref && view.shown.position <= position ? view.shown.position : -1;
    const nearest = this.views.reduce<View | undefined>(
      (best, view) => (before(view) > (best === undefined ? -1 : before(best)) ? view : best),
      undefined,
    );
    const view = nearest ?? this.freeView();
    const wasAt = nearest?.shown?.position;
    view.shown = { ref, position };
    view.lastAsked = this.questions += 1;
    const { process } = view;
    if (wasAt === undefined) return { process, orders: [{ kind: 'open', streams, until: position }] };
    return { process, orders: wasAt === position ? [] : [{ kind: 'raise', until: position }] };
  }

  /** One that waits, or one more, or that which was not asked for the longest time. */
  private freeView(): View {
    const spare = this.views.find(({ shown }) => shown === undefined);
    if (spare !== undefined) return spare;
    if (this.views.length < PROCESSES_MAX) return this.startView();
    return this.views.reduce((oldest, view) => (view.lastAsked < oldest.lastAsked ? view : oldest));
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
}
