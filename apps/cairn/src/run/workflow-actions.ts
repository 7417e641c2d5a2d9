import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { EndSignals } from '../worker/run-process.js';
import { Refused } from '../worker/http-client.js';
import { runScript } from './run-script.js';
import { type TorcClient, workflowPath } from './torc-client.js';

const NOT_FOUND = 404;

/** How often actions are looked for while jobs run. */
const POLL_MS = 2_000;

interface Action {
  readonly number: number;
  readonly trigger_type: string;
  readonly action_type: string;
  readonly commands?: readonly string[];
  readonly state: string;
}

interface Options {
  readonly workdir: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Folder of the files with the output of commands. */
  readonly outputs: string;
}

/**
 * Carries out the actions of a workflow that run commands, when they are due. Of several runners, one takes each in each run. Actions
 * that ask for nodes are left to others.
 */
export class WorkflowActions {
  private readonly worker = `${hostname()}-${process.pid}`;
  private carrying: Promise<void> | undefined;

  constructor(
    private readonly client: TorcClient,
    private readonly workflow: string,
    private readonly end: EndSignals,
    private readonly note: (line: string) => void,
    private readonly options: Options,
  ) {}

  /** Runs the commands of all actions that are due now. What goes wrong is noted: it is no reason to end a run. */
  async carryOut(): Promise<void> {
    if (this.end.interrupted.aborted) return;
    this.carrying ??= this.carryOutDue()
      .catch((error: unknown) => {
        if (!this.end.interrupted.aborted)
          this.note(`actions: ${error instanceof Error ? error.message : String(error)}`);
      })
      .finally(() => (this.carrying = undefined));
    await this.carrying;
  }

  /** Looks for actions from now on, until the function that it returns is called. */
  begin(): () => Promise<void> {
    const ended = new AbortController();
    const look = async (): Promise<void> => {
      try {
        for (;;) {
          await delay(POLL_MS, undefined, { signal: ended.signal });
          await this.carryOut();
        }
      } catch {
        // Ended while it waited.
      }
    };
    const looking = look();
    return async () => {
      ended.abort();
      await looking;
    };
  }

  private async carryOutDue(): Promise<void> {
    const signals = { signal: this.end.interrupted };
    const path = `/cairn/torc${workflowPath(this.workflow, '/actions')}`;
    const { items } = await this.client
      .get<{ readonly items: readonly Action[] }>(path, signals)
      .catch((error: unknown) => {
        // Other servers of Torc have none.
        if (error instanceof Refused && error.status === NOT_FOUND) return { items: [] };
        throw error;
      });
    for (const { number, action_type: type, state } of items) {
      if (state !== 'due' || type !== 'run_commands') continue;
      const claimed = await this.client
        .post<Action>(`${path}/${number}/claim`, { worker: this.worker }, signals)
        // Another runner was faster, or it is not due any more.
        .catch((error: unknown) => {
          if (!(error instanceof Refused)) throw error;
          return undefined;
        });
      if (claimed !== undefined) await this.run(claimed);
    }
  }

  private async run({ number, trigger_type: trigger, commands = [] }: Action): Promise<void> {
    for (const [at, command] of commands.entries()) {
      const name = `action-${number}-${at + 1}`;
      const { code, error, lastWords } = await runScript(command, { ...this.options, name, end: this.end });
      if (code === 0) continue;
      const reason = [error ?? `code ${String(code)}`, lastWords].filter(Boolean).join(': ');
      this.note(`action ${number} (${trigger}): ${command.slice(0, 100)} has failed: ${reason}`);
      return;
    }
    this.note(`action ${number} (${trigger}) is done`);
  }
}
