import { randomBytes } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { loadEnvironment } from '#platform/environment.js';
import { claimsGranting, RolesUnclaimable } from '#platform/tokens/claims.js';
import { WORKER_ROLE } from '#contracts/leases.js';
import { localName } from '#platform/tokens/user-name.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { repeated, type Terminal, UsageError } from './command-line.js';
import { existingDataFolder } from './data-folder.js';
import { knownNames } from './known-names.js';
import { pandaGroups } from './panda-groups.js';

/** A century: a longer lifetime is a mistake. */
const HOURS_MAX = 100 * 365 * 24;
const SECONDS_PER_HOUR = 3600;

/** Bytes in the name of a worker that is not named: no two workers may have the same. */
const WORKER_NAME_BYTES = 8;

/** Audience of PanDA's tokens where none is set: clients look theirs up by it. */
const PANDA_AUDIENCE = 'panda';

interface Options {
  readonly user?: string;
  readonly name?: string;
  readonly role?: readonly string[];
  readonly group?: readonly string[];
  readonly hours: number;
}

const userName = (text: string): string => {
  if (text === '') throw new InvalidArgumentError('It must not be empty.');
  if (localName(text) !== text) throw new InvalidArgumentError('Tokens cannot name such a user.');
  return text;
};

const lifetimeHours = (text: string): number => {
  const hours = Number(text);
  if (text.trim() === '' || !(hours > 0 && hours <= HOURS_MAX)) {
    throw new InvalidArgumentError(`It must be a number above 0, at most ${HOURS_MAX}.`);
  }
  return hours;
};

/** Workers get a name of their own, because the name decides whose leases a token reaches. */
const nameOf = ({ user, role = [] }: Options): string => {
  if (user !== undefined) return user;
  if (role.includes(WORKER_ROLE)) return `worker-${randomBytes(WORKER_NAME_BYTES).toString('hex')}`;
  throw new UsageError(`--user is missing; only tokens of the role ${WORKER_ROLE} get a name by themselves`);
};

const claimsOf = (options: Options): ReturnType<typeof claimsGranting> => {
  const { role = [], group = [] } = options;
  // With another role beside it, the token would reach more than its leases.
  if (role.includes(WORKER_ROLE) && role.length > 1)
    throw new UsageError(`a token of the role ${WORKER_ROLE} has no other role`);
  try {
    return claimsGranting({ username: nameOf(options), roles: role, groups: group });
  } catch (error) {
    throw error instanceof RolesUnclaimable ? new UsageError(error.message) : error;
  }
};

/** Claims that only PanDA's API reads (PanDA contract 10.2). */
const pandaClaims = (options: Options): Readonly<Record<string, unknown>> => ({
  name: options.name ?? nameOf(options),
  nbf: Math.floor(Date.now() / 1000),
  aud: [PANDA_AUDIENCE],
});

/** `cairn token`: works beside a running server and while it is down. */
export const tokenCommand = ({ env, stdout }: Terminal): Command =>
  new Command('token')
    .description('Prints a bearer token that is signed with the key in the data folder (CAIRN_DATA_DIR).')
    .option('--user <name>', 'user name; a worker without one gets a new one', userName)
    .option('--name <name>', "full name of the user, by which PanDA's API knows its tasks; the user name unless given")
    .option('--role <role>', 'admin, user, system, worker, or another role; may be repeated', repeated)
    .option(
      '--group <group>',
      'group such as simprod, filtering or users, or for PanDA a VO such as wlcg or its role wlcg/production; may be repeated',
      repeated,
    )
    .option('--hours <number>', 'lifetime of the token in hours; fractions are allowed', lifetimeHours, 1)
    .action(async (options: Options) => {
      const environment = loadEnvironment(env);
      const dataFolder = existingDataFolder(environment);
      const known = knownNames(environment);
      known.checkRoles(options.role ?? []);
      const ofVos = pandaGroups(environment);
      const { group: groups = [] } = options;
      const isPanda = options.name !== undefined || groups.some((group) => ofVos.isOfVo(group));
      if (isPanda) ofVos.check(groups);
      else known.checkGroups(groups);
      const { OIDC_AUDIENCE: audience } = environment;
      const claims = {
        ...claimsOf(options),
        ...(isPanda && pandaClaims(options)),
        ...(audience !== undefined && { aud: [audience] }),
      };
      const key = await SigningKey.open(dataFolder);
      stdout.write(`${await key.sign(claims, options.hours * SECONDS_PER_HOUR)}\n`);
    });
