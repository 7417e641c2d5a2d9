import type { Bus } from '#bus/bus.js';
import { GetPandaUsers } from '#contracts/panda/configuration.js';
import { principalOf } from '../protocol/caller.js';
import type { PandaCall } from '../protocol/function.js';

/** Letters of contract 2.6. */
type Flag = 'k' | 'p' | 's' | 't';

/** Whether the operator has given the caller a flag. */
export const hasFlag = async (bus: Bus, call: PandaCall, flag: Flag): Promise<boolean> => {
  const { name } = principalOf(call);
  const { users } = await bus.request(GetPandaUsers, {}, call.context);
  return users.some((user) => user.name === name && user.status === 'ok' && user.flags.includes(flag));
};
