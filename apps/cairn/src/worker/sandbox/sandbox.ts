import { asUser, type SystemUser } from './system-user.js';
import type { TaskFolders } from './task-folders.js';

/** How a command of a task is started. */
export interface Launch {
  readonly words: readonly string[];
  /** Environment variables that differ from those of tasks elsewhere. */
  readonly variables: Readonly<Record<string, string>>;
  /** The command is a grandchild of the process that is started, which reports on {@link STATUS_FD} whether it ran. */
  readonly isInside: boolean;
}

/** Keeps processes of tasks from what is not theirs. */
export interface Sandbox {
  /** How tasks run, for people. */
  readonly description: string;
  /** Owner of the folders of tasks; `undefined` when tasks run as the user of this process. */
  readonly user: SystemUser | undefined;
  launch(command: readonly string[], folders: TaskFolders): Launch;
}

/** File descriptor on which bubblewrap reports. */
export const STATUS_FD = 3;

/** Tasks run as this process does. */
export const noSandbox: Sandbox = {
  description: 'without a sandbox: they can read all that this process can, also its token',
  user: undefined,
  launch: (command) => ({ words: command, variables: {}, isInside: false }),
};

/** Tasks run as another user, who sees the whole machine; tasks at the same time are not kept from each other. */
export const userSandbox = (user: SystemUser): Sandbox => ({
  description: `as the user ${user.name}, without bubblewrap`,
  user,
  launch: (command, { work, temporary }) => ({
    words: [...asUser(user), ...command],
    variables: { HOME: work, TMPDIR: temporary, USER: user.name, LOGNAME: user.name },
    isInside: false,
  }),
});
