import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { UsageError } from '../../command-line.js';
import { isInside } from './is-inside.js';
import { type Sandbox, STATUS_FD } from './sandbox.js';
import { asUser, type SystemUser } from './system-user.js';

/** What tasks may use of this machine. */
export interface TaskAccess {
  /** Folders beside those of the system. */
  readonly readable: readonly string[];
  readonly writable: readonly string[];
  /** Folder with the files of all tasks. */
  readonly workdir: string;
  /** Files with secrets of the worker. */
  readonly secrets: readonly string[];
  readonly network: boolean;
  readonly gpus: boolean;
}

/** Programs, libraries and settings; also the software that sites of the field share. */
const SYSTEM_FOLDERS = [
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/etc',
  '/opt',
  '/sys',
  '/cvmfs',
];
const RESOLVER = '/etc/resolv.conf';
const DEVICES = '/dev';
const SHARED_MEMORY = '/dev/shm';
const GPU_DEVICE = /^(?:nvidia.*|dri|kfd)$/;

interface Mount {
  readonly at: string;
  readonly options: readonly string[];
}

interface Visible {
  readonly path: string;
  /** Without symbolic links. */
  readonly real: string;
}

const existing = (paths: readonly string[]): readonly Visible[] =>
  paths.filter((path) => existsSync(path)).map((path) => ({ path, real: realpathSync(path) }));

/** A secret may be renewed by renaming, which would uncover a single file: its whole folder is hidden. */
const foldersOfSecrets = (files: readonly string[]): readonly string[] =>
  files.flatMap((file) => [realpathSync(dirname(file)), dirname(realpathSync(file))]);

/**
 * Empty folders in the place of what tasks must not see.
 *
 * @throws UsageError when it cannot be hidden without hiding all of a folder that tasks must see
 */
const coversOf = (visible: readonly Visible[], { workdir, secrets }: TaskAccess): readonly Mount[] => {
  const work = realpathSync(workdir);
  for (const { path, real } of visible) {
    if (isInside(real, work))
      throw new UsageError(`tasks would see files of others: ${path} is in --workdir ${workdir}`);
  }
  return [work, ...foldersOfSecrets(secrets)].flatMap((hidden) =>
    visible
      .filter(({ real }) => isInside(hidden, real))
      .map(({ path, real }) => {
        if (hidden === real) throw new UsageError(`tasks would see the secret of this pilot: move it out of ${path}`);
        const at = join(path, relative(real, hidden));
        return { at, options: ['--tmpfs', at] };
      }),
  );
};

const readOnly = (path: string): Mount => ({ at: path, options: ['--ro-bind', path, path] });

/** Files outside of the visible folders that nearly every program needs. Services of the system may replace them. */
const extraFiles = (visible: readonly Visible[]): readonly Mount[] => {
  const files = [process.execPath, ...(existsSync(RESOLVER) ? [realpathSync(RESOLVER)] : [])];
  return files
    .filter((file) => !visible.some(({ real }) => isInside(file, real)))
    .map((file) => ({ at: file, options: ['--ro-bind-try', file, file] }));
};

const gpuDevices = (): readonly Mount[] =>
  readdirSync(DEVICES)
    .filter((name) => GPU_DEVICE.test(name))
    .map((name) => join(DEVICES, name))
    .map((at) => ({ at, options: ['--dev-bind', at, at] }));

/** A folder hides what was mounted below it before, so it comes first. Parents are made open, whatever the modes of the folder. */
const optionsOf = (mounts: readonly Mount[]): readonly string[] =>
  [...mounts]
    .sort((left, right) => left.at.length - right.at.length)
    .flatMap(({ at, options }) => ['--dir', dirname(at), ...options]);

/**
 * Enters the folder as the user of the task, because root without capabilities could not. Exit codes are those of shells for
 * programs that are missing or cannot be run.
 */
const inFolder = (folder: string, command: readonly string[]): readonly string[] => [
  ...['sh', '-c', 'cd "$1" || exit 126; shift; exec "$@"', 'sh', folder],
  ...command,
];

/**
 * Tasks run in namespaces of their own. They see the system read-only, their own folders, no processes but their own, and the
 * network unless it is denied. When the process that is started ends, all processes of the task end.
 *
 * @param user whom tasks run as; only root can choose one
 * @throws UsageError when a folder that tasks may read contains what they must not see
 */
export const bubblewrapSandbox = (access: TaskAccess, user: SystemUser | undefined): Sandbox => {
  const system = existing(SYSTEM_FOLDERS);
  const [readable, writable] = [existing(access.readable), existing(access.writable)];
  const visible = [...system, ...readable, ...writable];
  const covers = coversOf(visible, access);
  const fixed: readonly Mount[] = [
    ...[...system, ...readable].map(({ path }) => readOnly(path)),
    ...writable.map(({ path }) => ({ at: path, options: ['--bind', path, path] })),
    ...covers,
    ...extraFiles(visible),
    { at: '/proc', options: ['--proc', '/proc'] },
    { at: DEVICES, options: ['--dev', DEVICES] },
    // What bubblewrap makes belongs to the user who starts it.
    { at: SHARED_MEMORY, options: [...(user === undefined ? [] : ['--perms', '1777']), '--tmpfs', SHARED_MEMORY] },
    ...(access.gpus ? gpuDevices() : []),
  ];
  const namespaces = ['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'];
  const options = [
    ...['--die-with-parent', '--new-session', '--cap-drop', 'ALL', '--json-status-fd', String(STATUS_FD)],
    // Needed to become another user.
    ...(user === undefined ? [] : ['--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID']),
    ...namespaces,
    ...(access.network ? [] : ['--unshare-net']),
  ];
  return {
    description: `in a sandbox of bubblewrap${user === undefined ? '' : `, as the user ${user.name}`}`,
    user,
    launch: (command, { work, temporary }) => ({
      words: [
        ...['bwrap', ...options],
        ...optionsOf([
          ...fixed,
          { at: '/tmp', options: ['--bind', temporary, '/tmp'] },
          { at: '/var/tmp', options: ['--bind', temporary, '/var/tmp'] },
          { at: work, options: ['--bind', work, work] },
        ]),
        // Files there would take memory.
        ...['/', DEVICES, ...covers.map(({ at }) => at)].flatMap((at) => ['--remount-ro', at]),
        ...['--', ...(user === undefined ? [] : asUser(user)), ...inFolder(work, command)],
      ],
      variables: { HOME: work, TMPDIR: '/tmp', ...(user !== undefined && { USER: user.name, LOGNAME: user.name }) },
      isInside: true,
    }),
  };
};
