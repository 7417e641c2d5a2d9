import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** An account of this machine. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const run = promisify(execFile);

/** `undefined` when there is no such account. */
export const systemUser = async (name: string): Promise<SystemUser | undefined> => {
  try {
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async (what) => Number((await run('id', [what, '--', name])).stdout)),
    );
    return uid === undefined || gid === undefined ? undefined : { name, uid, gid };
  } catch {
    return undefined;
  }
};

/** Words before a command that let it run as this user, without groups and without ways to more rights. */
export const asUser = ({ uid, gid }: SystemUser): readonly string[] => [
  ...['setpriv', `--reuid=${String(uid)}`, `--regid=${String(gid)}`],
  ...['--clear-groups', '--inh-caps=-all', '--no-new-privs', '--'],
];
