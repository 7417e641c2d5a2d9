import type { Environment } from '#platform/environment.js';
import type { Caller } from '#bus/contract.js';
import { actsForGroup, isPrivileged } from '#contracts/access.js';
import type { Dataset } from '../dataset/dataset.js';
import { failure } from './failure.js';
import { scopeWords } from './token-scopes.js';

/** Whose tokens the tasks of a dataset get. */
export interface CredentialAccount {
  readonly username: string;
  /** The group whose account it is: it bounds what may be asked for. */
  readonly group?: string;
}

const entriesOf = (given: readonly string[]): readonly (readonly [string, string])[] =>
  given.map((entry) => {
    const at = entry.indexOf('=');
    return [entry.slice(0, at), entry.slice(at + 1)];
  });

const partsOf = (word: string): { readonly operation: string; readonly path: string | undefined } => {
  const colon = word.indexOf(':');
  return colon === -1
    ? { operation: word, path: undefined }
    : { operation: word.slice(0, colon), path: word.slice(colon + 1) };
};

/** Whoever reads a path that is not plain may leave the folder that it seems to be in. */
const isPlain = (path: string): boolean =>
  !/[%\\]/.test(path) && path.split('/').every((segment) => segment !== '.' && segment !== '..');

const isBelow = (path: string, folder: string): boolean => {
  const parent = folder.endsWith('/') ? folder : `${folder}/`;
  return isPlain(path) && `${path}/`.startsWith(parent);
};

/** Whether a scope such as `storage.read:/sim/gcd` is one of the granted ones, or concerns a folder of one such as `storage.read:/sim`. */
const isGranted = (word: string, granted: readonly string[]): boolean => {
  const { operation, path } = partsOf(word);
  return granted.some((each) => {
    const bound = partsOf(each);
    if (bound.operation !== operation) return false;
    return path === undefined || bound.path === undefined ? path === bound.path : isBelow(path, bound.path);
  });
};

/**
 * Accounts that tokens of tasks are made for (IceProd contract 16). A group's account does what the group may do, so only its members
 * and services get tokens for it, and only within the scopes that `CREDENTIALS_SCOPES` grants to the group. Everybody else gets tokens
 * of their own.
 */
export class CredentialAccounts {
  private readonly accounts: ReadonlyMap<string, string>;
  private readonly scopes = new Map<string, string[]>();

  constructor({ CREDENTIALS_ACCOUNTS, CREDENTIALS_SCOPES }: Environment) {
    this.accounts = new Map(entriesOf(CREDENTIALS_ACCOUNTS));
    for (const [group, scope] of entriesOf(CREDENTIALS_SCOPES)) {
      this.scopes.set(group, [...(this.scopes.get(group) ?? []), scope]);
    }
  }

  /** @param requester whoever submits or edits the config that the tokens are for */
  of({ username, group }: Pick<Dataset, 'username' | 'group'>, requester: Caller): CredentialAccount {
    const account = this.accounts.get(group);
    if (account !== undefined && actsForGroup(requester, group)) return { username: account, group };
    return { username: isPrivileged(requester) ? username : requester.username };
  }

  /** @throws DomainError when the account is a group's and a scope is none of the group's */
  checkScope({ group }: CredentialAccount, scope: string): void {
    if (group === undefined) return;
    const granted = this.scopes.get(group) ?? [];
    const refused = scopeWords(scope).find((word) => !isGranted(word, granted));
    if (refused !== undefined) throw failure(`invalid_scope: group ${group} may not grant ${refused}`);
  }
}
