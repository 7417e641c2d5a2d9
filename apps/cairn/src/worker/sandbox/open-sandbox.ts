import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { UsageError } from '../../command-line.js';
import { runProcess } from '../run-process.js';
import { bubblewrapSandbox, type TaskAccess } from './bubblewrap.js';
import { noSandbox, type Sandbox, userSandbox } from './sandbox.js';
import { systemUser, type SystemUser } from './system-user.js';
import { handOver, makeTaskFolders, removeTaskFolders, taskFolders } from './task-folders.js';

export const SANDBOXES = ['auto', 'bubblewrap', 'user', 'none'] as const;

export interface SandboxChoice {
  readonly kind: (typeof SANDBOXES)[number];
  /** Whom tasks run as; only root can choose one. */
  readonly user: string | undefined;
  readonly access: TaskAccess;
  /** Environment variables of tasks. */
  readonly environment: Readonly<Record<string, string>>;
}

const ROOT = 0;
/** Whom tasks of root run as. */
const DEFAULT_USER = 'nobody';
const PROBE_TIMEOUT_MS = 20_000;

const UNREADABLE = 9;
/** Succeeds when it can write to the folders of its task and read those that its arguments name. */
const PROBE = `test -w . -a -w "$TMPDIR" || exit 1; for it; do ls "$it" >/dev/null || exit ${String(UNREADABLE)}; done`;

/**
 * Runs a command in the sandbox; resolves with what is wrong with the sandbox.
 *
 * @throws UsageError when tasks could not read what they should: a weaker sandbox is no remedy
 */
const failureOf = async (sandbox: Sandbox, { access, environment }: SandboxChoice): Promise<string | undefined> => {
  const base = join(access.workdir, `probe-${randomUUID()}`);
  const folders = taskFolders(base);
  try {
    await makeTaskFolders(base);
    await handOver(folders, sandbox.user);
    let said = '';
    const output = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        said += chunk.toString();
        done();
      },
    });
    const end = { interrupted: AbortSignal.timeout(PROBE_TIMEOUT_MS), halted: new AbortController().signal };
    const command = ['sh', '-c', PROBE, 'sh', ...access.readable];
    const settings = { folders, sandbox, environment: { TMPDIR: folders.temporary, ...environment } };
    const { error, code } = await runProcess(command, { ...settings, stdout: output, stderr: output, end });
    if (error === undefined && code === 0) return undefined;
    const words = said.trim().replaceAll('\n', ' | ');
    if (code === UNREADABLE)
      throw new UsageError(`tasks, which run ${sandbox.description}, cannot read a folder: ${words}`);
    return [error ?? `exit code ${String(code)}`, words].filter(Boolean).join(': ');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    // Root without the right to give files away, for example.
    return (error as Error).message;
  } finally {
    await removeTaskFolders(base);
  }
};

/** @throws UsageError when there is no such user, or this process may not choose one */
const taskUser = async (name: string | undefined): Promise<SystemUser | undefined> => {
  const isRoot = process.getuid?.() === ROOT;
  if (!isRoot && name !== undefined) throw new UsageError('--task-user: only a pilot of root can choose a user');
  if (!isRoot) return undefined;
  const user = await systemUser(name ?? DEFAULT_USER);
  if (user === undefined) throw new UsageError(`--task-user: there is no user ${name ?? DEFAULT_USER}`);
  return user.uid === ROOT ? undefined : user;
};

/**
 * The sandbox that was asked for, after a command has run in it. `auto` takes the first that works.
 *
 * @param warn called with what keeps the better ones from working
 * @throws UsageError when it does not work, or would show tasks what they must not see
 */
export const openSandbox = async (choice: SandboxChoice, warn: (message: string) => void): Promise<Sandbox> => {
  const { kind, access } = choice;
  if (kind === 'none') return noSandbox;
  const user = await taskUser(choice.user);
  const candidates = [
    ...(kind === 'user' ? [] : [bubblewrapSandbox(access, user)]),
    ...(kind === 'bubblewrap' || user === undefined ? [] : [userSandbox(user)]),
  ];
  if (candidates.length === 0)
    throw new UsageError('--sandbox user: only a pilot of root can run tasks as another user');
  for (const sandbox of candidates) {
    const failure = await failureOf(sandbox, choice);
    if (failure === undefined) return sandbox;
    if (kind !== 'auto') throw new UsageError(`--sandbox ${kind} does not work here: ${failure}`);
    warn(`tasks cannot run ${sandbox.description}: ${failure}`);
  }
  return noSandbox;
};
