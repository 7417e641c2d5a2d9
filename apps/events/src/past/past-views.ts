import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Caller } from '#bus/contract.js';
import type { PastAnswer, PastOfWorkload, UnitDifferences, ViewAnswer } from '#contracts/cairn/past-view.js';
import type { PastQuestion } from '#contracts/cairn/past.js';
import type { UnitPlace } from '#contracts/workloads.js';
import { ViewProcess } from './view-process.js';

/** Processes at the same time: for two workloads, and one that waits for another. */
const PROCESSES_MAX = 3;

/** After this time without a question the processes end. */
const IDLE_MS = 10 * 60_000;

/** The past of workloads, in a process of its own. */
interface View {
  readonly process: ViewProcess;
  /** The workload that it was asked about last; undefined as long as it waits for the first question. */
  ref: string | undefined;
  lastAsked: number;
}

const isAnswer = (answer: ViewAnswer | undefined): answer is PastAnswer => answer !== undefined && 'body' in answer;

/** Shows the past of workloads in processes that are kept: what was asked near before is answered sooner. */
@Injectable()
export class PastViews implements OnModuleDestroy {
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
    const { process } = this.viewOf(past.ref);
    const caller = { username, roles, groups };
    const asked = questions.map((question) => process.send({ kind: 'ask', past, ...question, caller }));
    const answers = await Promise.all(asked);
    this.prepare();
    return answers.filter(isAnswer);
  }

  /** The next units behind a place whose statuses differ between two moments of a workload; not all where it would take long. */
  async differences(
    from: PastOfWorkload,
    to: PastOfWorkload,
    { behind, limit }: { readonly behind: UnitPlace | undefined; readonly limit: number },
  ): Promise<UnitDifferences> {
    const { process } = this.viewOf(from.ref);
    const answer = await process.send({ kind: 'compare', from, to, ...(behind !== undefined && { behind }), limit });
    return answer === undefined || isAnswer(answer) ? { entries: [] } : answer;
  }

  /** Has one process wait, because its start takes longer than most answers. */
  prepare(): void {
    const isWaiting = this.views.some(({ ref }) => ref === undefined);
    if (!isWaiting && this.views.length < PROCESSES_MAX) this.startView();
  }

  async onModuleDestroy(): Promise<void> {
    clearTimeout(this.idle);
    await Promise.all(this.views.map(({ process }) => process.stop()));
  }

  /** The view of the workload, or one that has nothing to do, or one more, or that which was not asked for the longest time. */
  private viewOf(ref: string): View {
    clearTimeout(this.idle);
    this.idle = setTimeout(() => this.stopAll(), IDLE_MS).unref();
    const known = this.views.find((view) => view.ref === ref);
    const view = known ?? this.freeView();
    view.ref = ref;
    view.lastAsked = this.questions += 1;
    return view;
  }

  private freeView(): View {
    const oldestFirst = this.views.toSorted((one, other) => one.lastAsked - other.lastAsked);
    const free = oldestFirst.find(({ process }) => !process.isBusy);
    if (free === undefined && this.views.length < PROCESSES_MAX) return this.startView();
    return free ?? oldestFirst[0] ?? this.startView();
  }

  private startView(): View {
    const process = new ViewProcess({
      onEnd: () => {
        this.views = this.views.filter((each) => each !== view);
      },
    });
    const view: View = { process, ref: undefined, lastAsked: 0 };
    this.views.push(view);
    // Whoever asks is told of a failure.
    process.send({ kind: 'prepare' }).catch(() => undefined);
    return view;
  }

  private stopAll(): void {
    for (const { process } of this.views) void process.stop();
  }
}
