import type { Caller } from '#bus/contract.js';
import { type AccessRule, authorizeByRule, bypassesRules, isPrivileged } from './access.js';
import { isWorkerOnly } from './leases.js';

/** Who may read the events of a stream: whoever has a token, administrators (roles `admin` and `system`), or whom an access rule lets read. */
export type EventReaders = 'everyone' | 'administrators' | AccessRule;

/** Whether a caller is one of the readers. Programs that only run units read no history. */
export const mayBeReadBy = (readers: EventReaders, caller: Caller): boolean => {
  if (isWorkerOnly(caller)) return false;
  if (isPrivileged(caller) || readers === 'everyone') return true;
  if (readers === 'administrators') return false;
  return bypassesRules(caller) || authorizeByRule(readers, 'read', caller.username, caller.groups) === undefined;
};
