import { setTimeout as delay } from 'node:timers/promises';
import type { EndSignals } from '../worker/run-process.js';
import { isWorkerTrigger, type WorkerTrigger } from '#contracts/torc/actions.js';
import type { Action, ActionCalls } from './action-calls.js';
import { runScript } from './run-script.js';

/** How often actions are looked for while jobs run. */
const POLL_MS = 2_000;

/** Another runner may take an action from one that was silent for so long: it has died. */
const LEASE_SECONDS = 120;
const RENEWAL_MS = 30_000;

interface Options {
  readonly workdir: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Folder of the files with the output of commands. */
  readonly outputs: string;
}

/** Calls back at intervals until the function that it returns is called. */
const repeat = (intervalMs: number, act: () => Promise<void>): (() => Promise<void>) => {
  const ended = new AbortController();
  const acting = (async (): Promise<void> => {
    try {
      for (;;) {
        await delay(intervalMs, undefined, { signal: ended.signal });
        await act();
      }
    } catch (error) {
      if (!ended.signal.aborted) throw error;
    }
  })();
  return async () => {
    ended.abort();
    await acting;
  };
};

/**
 * Carries out the actions of a workflow that run commands, when they are due. Of several runners, one takes each in each run. Actions
 * that ask for nodes are left to `cairn slurm watch`.
 */
export class WorkflowActions {
  private carrying: Promise<void> | undefined;
  private readonly told = new Set<number>();

  constructor(
    private readonly calls: ActionCalls,
    private readonly end: EndSignals,
    private readonly note: (line: string) => void,
    private readonly options: Options,
  ) {}

  /** Runs the commands of all actions of the workflow that are due now. What goes wrong is noted: it is no reason to end a run. */
  async carryOut(): Promise<void> {
    if (this.end.interrupted.aborted) return;
    this.carrying ??= this.carryOutThose((action) => !isWorkerTrigger(action.trigger_type)).finally(
      () => (this.carrying = undefined),
    );
    await this.carrying;
  }

  /** Looks for actions from now on, until the function that it returns is called. */
  begin(): () => Promise<void> {
    return repeat(POLL_MS, () => this.carryOut());
  }

  /** Carries out what each worker does for itself at its start, or at its end. */
  async carryOutAt(trigger: WorkerTrigger): Promise<void> {
    if (this.end.interrupted.aborted) return;
    await this.carryOutThose((action) => action.trigger_type === trigger);
  }

  private async carryOutThose(isChosen: (action: Action) => boolean): Promise<void> {
    const signals = { signal: this.end.interrupted };
    try {
      for (const action of (await this.calls.due(signals)).filter(isChosen)) {
        if (action.action_type !== 'run_commands') this.tellOnce(action);
        else if ((await this.calls.claim(action, LEASE_SECONDS, signals)) !== undefined) await this.runClaimed(action);
      }
    } catch (error) {
      if (!this.end.interrupted.aborted) this.noteFailure(error);
    }
  }

  private async runClaimed(action: Action): Promise<void> {
    const stopRenewal = repeat(RENEWAL_MS, async () => {
      await this.calls.claim(action, LEASE_SECONDS).catch((error: unknown) => this.noteFailure(error));
    });
    const successful = await this.run(action).finally(stopRenewal);
    // Another runner does what this one could not end.
    if (!this.end.halted.aborted) await this.calls.complete(action, successful);
  }

  /** Resolves with whether all commands have ended well. */
  private async run({ number, trigger_type: trigger, commands = [] }: Action): Promise<boolean> {
    for (const [at, command] of commands.entries()) {
      const name = `action-${number}-${at + 1}`;
      const { code, error, lastWords } = await runScript(command, { ...this.options, name, end: this.end });
      if (code === 0) continue;
      const reason = [error ?? `code ${String(code)}`, lastWords].filter(Boolean).join(': ');
      this.note(`action ${number} (${trigger}): ${command.slice(0, 100)} has failed: ${reason}`);
      return false;
    }
    this.note(`action ${number} (${trigger}) is done`);
    return true;
  }

  private tellOnce({ number, trigger_type: trigger, scheduler = 'a cluster' }: Action): void {
    if (this.told.has(number)) return;
    this.told.add(number);
    this.note(`action ${number} (${trigger}) asks for nodes of ${scheduler}: cairn slurm watch would do that`);
  }

  private noteFailure(error: unknown): void {
    this.note(`actions: ${error instanceof Error ? error.message : String(error)}`);
  }
}
