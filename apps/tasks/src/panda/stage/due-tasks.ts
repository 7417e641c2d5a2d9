/** Node fires timers with a longer delay at once. */
const DELAY_MS_MAX = 2 ** 31 - 1;

interface Alarm {
  readonly timer: NodeJS.Timeout;
  readonly atMicros: number;
}

export interface DueTask {
  readonly task: number;
  /** Correlation id of the change that has made it due. */
  readonly request?: string;
}

/** The tasks that stages are to look at: now, or at a time. In memory only, because a start looks at all of them. */
export class DueTasks {
  /** With the request that has made a task due, if one has: the first since the last look. */
  private readonly due = new Map<number, string | undefined>();
  private readonly alarms = new Map<number, Alarm>();
  private wake: (() => void) | undefined;

  /** `wake` is called when the first task becomes due after there was none. Until then nothing is marked. */
  listen(wake: () => void): void {
    this.wake = wake;
  }

  get isEmpty(): boolean {
    return this.due.size === 0;
  }

  /** @param request correlation id of the change that has made it due */
  mark(task: number, request?: string): void {
    if (this.wake === undefined) return;
    const wasEmpty = this.isEmpty;
    this.due.set(task, this.due.get(task) ?? request);
    if (wasEmpty) this.wake();
  }

  /** Of several times the earliest counts. */
  markAt(task: number, atMicros: number, nowMicros: number): void {
    const planned = this.alarms.get(task);
    if (planned !== undefined && planned.atMicros <= atMicros) return;
    clearTimeout(planned?.timer);
    const delayMs = Math.min(Math.max(0, Math.ceil((atMicros - nowMicros) / 1000)), DELAY_MS_MAX);
    const timer = setTimeout(() => {
      this.alarms.delete(task);
      this.mark(task);
    }, delayMs).unref();
    this.alarms.set(task, { timer, atMicros });
  }

  /** Takes some of the tasks that are due, those that have waited longest first. */
  take(limit: number): readonly DueTask[] {
    const taken: DueTask[] = [];
    for (const [task, request] of this.due) {
      if (taken.length === limit) break;
      taken.push({ task, ...(request !== undefined && { request }) });
      this.due.delete(task);
    }
    return taken;
  }

  stop(): void {
    this.wake = undefined;
    for (const { timer } of this.alarms.values()) clearTimeout(timer);
    this.alarms.clear();
  }
}
