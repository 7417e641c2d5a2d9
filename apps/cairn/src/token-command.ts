import { loadEnvironment } from '#platform/environment.js';
import { claimsGranting, RolesUnclaimable } from '#platform/tokens/claims.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { type Command, parsedArgs, UsageError } from './command-line.js';

const USAGE = `Prints a bearer token signed with the key in the data folder (CAIRN_DATA_DIR).

  npm run -s token -- --user NAME [--role ROLE]... [--group GROUP]... [--hours N]

  --user    user name (required)
  --role    admin, user, system, or one other role such as pilot
  --group   group such as simprod, filtering, users
  --hours   life of the token, fractions allowed (default 1)
`;

/** A century: longer lives are mistakes. */
const HOURS_MAX = 100 * 365 * 24;
const SECONDS_PER_HOUR = 3600;

interface Asked {
  readonly username: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly hours: number;
}

const askedFor = (words: readonly string[]): Asked => {
  const { user, role, group, hours } = parsedArgs({
    args: [...words],
    options: {
      user: { type: 'string' },
      role: { type: 'string', multiple: true, default: [] },
      group: { type: 'string', multiple: true, default: [] },
      hours: { type: 'string', default: '1' },
    },
  }).values;
  if (user === undefined || user === '') throw new UsageError('--user is missing');
  const life = Number(hours);
  if (hours.trim() === '' || !(life > 0 && life <= HOURS_MAX)) {
    throw new UsageError(`--hours must be a number above 0, not '${hours}'`);
  }
  if ([...role, ...group].includes('')) throw new UsageError('--role and --group need a name');
  return { username: user, roles: role, groups: group, hours: life };
};

const claimsFor = (asked: Asked): ReturnType<typeof claimsGranting> => {
  try {
    return claimsGranting(asked);
  } catch (error) {
    throw error instanceof RolesUnclaimable ? new UsageError(error.message) : error;
  }
};

/** `cairn token`: works before the first start of a server and beside a running one. */
export const tokenCommand: Command = {
  name: 'token',
  usage: USAGE,
  run: async (words, { env, stdout }) => {
    const asked = askedFor(words);
    const { CAIRN_DATA_DIR: dataFolder, OIDC_AUDIENCE: audience } = loadEnvironment(env);
    const claims = { ...claimsFor(asked), ...(audience !== undefined && { aud: [audience] }) };
    const key = await SigningKey.open(dataFolder);
    stdout.write(`${await key.sign(claims, asked.hours * SECONDS_PER_HOUR)}\n`);
    return 0;
  },
};
