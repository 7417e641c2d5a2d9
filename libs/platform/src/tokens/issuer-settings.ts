import { isObject, objectIn } from '../json-object.js';
import { type ClaimTable, DEFAULT_CLAIM_TABLE, type ExternalSource, readClaimTable } from './claims.js';
import { withoutSlash } from './issuer-keys.js';
import { localName, SYSTEM_USERNAME } from './user-name.js';

/** What claims grant, by issuer (URL without a slash at its end). */
type TablesByIssuer = Readonly<Record<string, ClaimTable>>;

/** The setting `OIDC_CLAIMS`: one table for the only issuer, or one for each. */
export type ClaimTables = { readonly only: ClaimTable } | { readonly byIssuer: TablesByIssuer };

/** The setting `OIDC_USERS`: local names of persons, by issuer (URL without a slash at its end) and subject. */
export type ExternalUsers = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The settings about external issuers, under the names of their environment variables. */
export interface IssuerSettings {
  readonly OIDC_ISSUERS: readonly string[];
  readonly OIDC_CLAIMS?: ClaimTables;
  readonly OIDC_LOCAL_NAMES: readonly string[];
  readonly OIDC_USERS?: ExternalUsers;
}

/** Without a user and a password, because messages name issuers. */
const IS_URL = /^https?:\/\/[^\s@]+$/;

/** The members of an object whose names are URLs, read one by one; undefined when one of them cannot be read. */
const byIssuer = <Value>(
  object: Readonly<Record<string, unknown>>,
  read: (value: unknown) => Value | undefined,
): Readonly<Record<string, Value>> | undefined => {
  const entries = Object.entries(object).map(([issuer, value]) => [withoutSlash(issuer), read(value)] as const);
  const areRead = (all: typeof entries): all is (readonly [string, Value])[] =>
    all.every(([issuer, value]) => IS_URL.test(issuer) && value !== undefined);
  return areRead(entries) ? Object.fromEntries(entries) : undefined;
};

/** Reads `OIDC_CLAIMS`: a table, or tables by issuer. Undefined when the text says something else. */
export const readClaimTables = (text: string): ClaimTables | undefined => {
  const value = objectIn(text);
  if (value === undefined) return undefined;
  const tables = Object.keys(value).some((name) => IS_URL.test(name)) ? byIssuer(value, readClaimTable) : undefined;
  if (tables !== undefined) return { byIssuer: tables };
  const only = readClaimTable(value);
  return only === undefined ? undefined : { only };
};

const isUserName = (value: unknown): value is string =>
  typeof value === 'string' && localName(value) === value && value !== SYSTEM_USERNAME;

const readUsers = (value: unknown): Readonly<Record<string, string>> | undefined =>
  isObject(value) && Object.values(value).every(isUserName) ? (value as Record<string, string>) : undefined;

/** Reads `OIDC_USERS`: `{"<issuer URL>": {"<subject>": "<local name>"}}`. Undefined when the text says something else. */
export const readExternalUsers = (text: string): ExternalUsers | undefined => {
  const value = objectIn(text);
  return value === undefined ? undefined : byIssuer(value, readUsers);
};

/** All tables of the setting. */
export const claimTablesOf = (tables: ClaimTables | undefined): readonly ClaimTable[] => {
  if (tables === undefined) return [];
  return 'only' in tables ? [tables.only] : Object.values(tables.byIssuer);
};

const tableFor = (tables: ClaimTables | undefined, issuer: string): ClaimTable | undefined => {
  if (tables === undefined) return DEFAULT_CLAIM_TABLE;
  return 'only' in tables ? tables.only : tables.byIssuer[issuer];
};

/** Says what is wrong with the settings as a whole; undefined when they fit together. */
export const issuerProblem = (settings: IssuerSettings): string | undefined => {
  const { OIDC_ISSUERS: urls, OIDC_CLAIMS: tables, OIDC_LOCAL_NAMES: local, OIDC_USERS: users = {} } = settings;
  const issuers = urls.map(withoutSlash);
  const hasTables = tables !== undefined && 'byIssuer' in tables;
  if (issuers.length > 1 && !hasTables) {
    return 'OIDC_CLAIMS must say for each of several issuers what its claims grant: {"<issuer URL>": {"roles": [...], "groups": [...]}}';
  }
  const missing = hasTables ? issuers.find((issuer) => !Object.hasOwn(tables.byIssuer, issuer)) : undefined;
  if (missing !== undefined) return `OIDC_CLAIMS does not name the issuer ${missing}`;
  const named = [
    ...(hasTables ? Object.keys(tables.byIssuer).map((issuer) => ['OIDC_CLAIMS', issuer] as const) : []),
    ...local.map((issuer) => ['OIDC_LOCAL_NAMES', issuer] as const),
    ...Object.keys(users).map((issuer) => ['OIDC_USERS', issuer] as const),
  ];
  const stranger = named.find(([, issuer]) => !issuers.includes(withoutSlash(issuer)));
  return stranger && `${stranger[0]} names ${stranger[1]}, which is not one of OIDC_ISSUERS`;
};

/** The external issuers that are configured. */
export const externalSources = (settings: IssuerSettings): readonly ExternalSource[] => {
  const local = settings.OIDC_LOCAL_NAMES.map(withoutSlash);
  return settings.OIDC_ISSUERS.map(withoutSlash).flatMap((issuer) => {
    const table = tableFor(settings.OIDC_CLAIMS, issuer);
    return table === undefined
      ? []
      : [{ issuer, table, namesAreLocal: local.includes(issuer), users: settings.OIDC_USERS?.[issuer] ?? {} }];
  });
};
