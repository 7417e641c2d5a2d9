import { decodeJwt } from 'jose';
import { DomainError } from '#platform/domain-error.js';
import type { CredentialFields, CredentialFilters } from '#contracts/credentials.js';

/** A token that expires so soon is refreshed: its user must still send it somewhere. */
const USELESS_BEFORE_END_SECONDS = 30;

/** What is encrypted: all of the credential but its owner. `expiration` is absent when it is not known. */
export interface Credential extends CredentialFields {
  readonly transfer_prefix: string;
}

/** What a token endpoint answers. */
export interface Tokens {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly scope?: string;
  /** Unix seconds. */
  readonly expiration?: number;
}

const invalid = (code: string, message: string): DomainError => new DomainError('invalid', code, message);

/** The claims of a token, not verified: it belongs to another issuer. Opaque tokens have none. */
const claimsOf = (token: string | undefined): Readonly<Record<string, unknown>> => {
  if (token === undefined) return {};
  try {
    return { ...decodeJwt(token) };
  } catch {
    return {};
  }
};

const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;
const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

export const issuerOf = (token: string | undefined): string | undefined => textOf(claimsOf(token)['iss']);

/** Members without a value are left out. */
const present = (fields: {
  readonly [Name in keyof Credential]?: Credential[Name] | undefined;
}): Partial<Credential> => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** Empty members count as not given (contract 19). */
const given = (fields: Partial<CredentialFields>): Partial<CredentialFields> =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => {
      if (value === '' || value === 0) return false;
      return !Array.isArray(value) || value.length > 0;
    }),
  );

const s3Of = ({ url, type, transfer_prefix = '', last_use, ...fields }: CredentialFields): Credential | DomainError => {
  const { buckets, access_key, secret_key } = given(fields);
  if (buckets === undefined) return invalid('credential.no-buckets', 'must specify bucket(s) for s3');
  if (access_key === undefined) return invalid('credential.no-access-key', 'must specify access_key for s3');
  if (secret_key === undefined) return invalid('credential.no-secret-key', 'must specify secret_key for s3');
  return { url, type, transfer_prefix, buckets, access_key, secret_key, ...present({ last_use }) };
};

const oauthOf = (
  { url, type, transfer_prefix = '', ...fields }: CredentialFields,
  nowSeconds: number,
): Credential | DomainError => {
  const { access_token, refresh_token, scope, expiration } = given(fields);
  if (access_token === undefined && refresh_token === undefined) {
    return invalid('credential.no-token', 'must specify either access_token or refresh_token');
  }
  const claims = claimsOf(access_token);
  return {
    url,
    type,
    transfer_prefix,
    ...present({
      access_token,
      refresh_token,
      scope: scope ?? textOf(claims['scope']),
      expiration: expiration ?? numberOf(claims['exp']),
    }),
    last_use: fields.last_use ?? nowSeconds,
  };
};

/** A new credential as a client describes it. */
export const credentialOf = (fields: CredentialFields, nowSeconds: number): Credential | DomainError =>
  fields.type === 's3' ? s3Of(fields) : oauthOf(fields, nowSeconds);

/** The credential with what is given, and what follows from a new token. */
export const amended = (credential: Credential, fields: CredentialFields): Credential => {
  const { access_token, refresh_token, scope, expiration, last_use, buckets, access_key, secret_key } = given(fields);
  if (credential.type === 's3') return { ...credential, ...present({ buckets, access_key, secret_key, last_use }) };
  const claims = claimsOf(access_token);
  return {
    ...credential,
    ...present({
      access_token,
      refresh_token,
      scope: scope ?? textOf(claims['scope']),
      expiration: expiration ?? numberOf(claims['exp']),
      last_use,
    }),
  };
};

/** The expiration of the old token says nothing about a new one. */
const withoutEnd = (credential: Credential): Credential => {
  const { url, type, transfer_prefix, refresh_token, scope, last_use } = credential;
  return { url, type, transfer_prefix, ...present({ refresh_token, scope, last_use }) };
};

/** The credential with new tokens. The old refresh token stays when there is no new one. */
export const refreshed = (credential: Credential, tokens: Tokens): Credential => {
  const claims = claimsOf(tokens.access_token);
  return {
    ...withoutEnd(credential),
    ...present({
      access_token: tokens.access_token,
      refresh_token: tokens.refresh_token,
      // The scope identifies the credential, so another wording by the issuer does not change it.
      scope: credential.scope ?? tokens.scope ?? textOf(claims['scope']),
      expiration: tokens.expiration ?? numberOf(claims['exp']),
    }),
  };
};

/** A credential made of exchanged tokens: it holds nothing of the original ones. */
export const exchanged = (
  { url, type, transfer_prefix, scope, last_use }: Credential,
  tokens: Tokens,
  asked?: string,
): Credential => {
  const claims = claimsOf(tokens.access_token);
  return {
    url,
    type,
    transfer_prefix,
    ...present({
      access_token: tokens.access_token,
      refresh_token: tokens.refresh_token,
      scope: tokens.scope ?? asked ?? scope,
      expiration: tokens.expiration ?? numberOf(claims['exp']),
      last_use,
    }),
  };
};

/** It has no token or an expired one, and a refresh token. */
export const needsRefresh = (
  { type, access_token, refresh_token, expiration }: Credential,
  nowSeconds: number,
): boolean =>
  type === 'oauth' &&
  refresh_token !== undefined &&
  (access_token === undefined || (expiration !== undefined && expiration <= nowSeconds + USELESS_BEFORE_END_SECONDS));

/** An owner may have one credential per URL, prefix and scope. */
export const isSame = (one: Credential, other: Credential): boolean =>
  one.url === other.url && one.transfer_prefix === other.transfer_prefix && one.scope === other.scope;

export const matches = (credential: Credential, { url, transfer_prefix, scope }: CredentialFilters): boolean =>
  (url === undefined || credential.url === url) &&
  (transfer_prefix === undefined || credential.transfer_prefix === transfer_prefix) &&
  (scope === undefined || credential.scope === scope);
