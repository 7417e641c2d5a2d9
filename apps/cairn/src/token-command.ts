import { parseArgs } from 'node:util';
import { EnvironmentInvalid, loadEnvironment } from '#platform/environment.js';
import { claimsGranting, RolesUnclaimable } from '#platform/tokens/claims.js';
import { SigningKey } from '#platform/tokens/signing-key.js';

export const USAGE = `Prints a bearer token signed with the key in the data folder (CAIRN_DATA_DIR).

  npm run -s token -- --user NAME [--role ROLE]... [--group GROUP]... [--hours N]

  --user    user name (required)
  --role    admin, user, system, or one other role such as pilot
  --group   group such as simprod, filtering, users
  --hours   life of the token, fractions allowed (default 1)
`;

/** A century: longer lives are mistakes. */
const HOURS_MAX = 100 * 365 * 24;

const EXIT_REFUSED = 2;

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

class UsageError extends Error {
  override readonly name = 'UsageError';
}

interface Asked {
  readonly username: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly hours: number;
}

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        user: { type: 'string' },
        role: { type: 'string', multiple: true, default: [] },
        group: { type: 'string', multiple: true, default: [] },
        hours: { type: 'string', default: '1' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as { readonly message: string }).message);
  }
};

const askedFor = ({ user, role, group, hours }: ReturnType<typeof parse>): Asked => {
  if (user === undefined || user === '') throw new UsageError('--user is missing');
  const life = Number(hours);
  if (hours.trim() === '' || !(life > 0 && life <= HOURS_MAX)) {
    throw new UsageError(`--hours must be a number above 0, not '${hours}'`);
  }
  if ([...role, ...group].includes('')) throw new UsageError('--role and --group need a name');
  return { username: user, roles: role, groups: group, hours: life };
};

type Variables = Readonly<Record<string, string | undefined>>;

const issue = async ({ hours, ...asked }: Asked, variables: Variables): Promise<string> => {
  const { CAIRN_DATA_DIR: dataFolder, OIDC_AUDIENCE: audience } = loadEnvironment(variables);
  const claims = { ...claimsGranting(asked), ...(audience !== undefined && { aud: [audience] }) };
  const key = await SigningKey.open(dataFolder);
  return key.sign(claims, hours * 3600);
};

/** `npm run -s token`: works before the first start of a server and beside a running one. */
export const tokenCommand = async (args: readonly string[], variables: Variables): Promise<Output> => {
  try {
    const values = parse(args);
    const stdout = values.help ? USAGE : `${await issue(askedFor(values), variables)}\n`;
    return { stdout, stderr: '', exitCode: 0 };
  } catch (error) {
    const refused =
      error instanceof UsageError || error instanceof RolesUnclaimable || error instanceof EnvironmentInvalid;
    if (!refused) throw error;
    const usage = error instanceof UsageError ? `\n${USAGE}` : '';
    return { stdout: '', stderr: `token: ${error.message}\n${usage}`, exitCode: EXIT_REFUSED };
  }
};
