import { spawnSync } from 'node:child_process';

const NAMESPACES = ['--unshare-pid', '--unshare-ipc', '--unshare-uts'];

/** Whether tests can use bubblewrap. Containers often forbid the namespaces that it needs. */
export const hasBubblewrap =
  spawnSync('bwrap', [...NAMESPACES, '--ro-bind', '/', '/', '--proc', '/proc', '--dev', '/dev', 'true']).status === 0;
