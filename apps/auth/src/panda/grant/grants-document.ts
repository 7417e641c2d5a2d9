import { plainToInstance, Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsOptional,
  IsString,
  IsUrl,
  MinLength,
  ValidateNested,
  type ValidationError,
  validateSync,
} from 'class-validator';
import { parse } from 'yaml';
import { CannotStart } from '#platform/cannot-start.js';
import { readSecretFileSetting } from '#platform/file-setting.js';
import { isObject } from '#platform/json-object.js';

const A_TEXT = { message: 'must be a text that is not empty' };
const A_LIST = { message: 'must be a list' };

/** A proxy that is kept for somebody. */
class ProxyGrant {
  /** Distinguished name without `/CN=proxy` and numbers, or compact name. */
  @IsString(A_TEXT)
  @MinLength(1, A_TEXT)
  readonly dn!: string;

  @IsOptional()
  @IsString(A_TEXT)
  @MinLength(1, A_TEXT)
  readonly role?: string;

  /** Read at each request, so that it may be renewed. */
  @IsString(A_TEXT)
  @MinLength(1, A_TEXT)
  readonly file!: string;
}

/** Where tokens of a client come from: one that is given here or in a file, or an issuer that makes one for the client's secret. */
export class ClientGrant {
  @IsString(A_TEXT)
  @MinLength(1, A_TEXT)
  readonly name!: string;

  @IsOptional()
  @IsString(A_TEXT)
  readonly token?: string;

  /** Read at each request, so that it may be renewed. */
  @IsOptional()
  @IsString(A_TEXT)
  readonly token_file?: string;

  @IsOptional()
  @IsUrl({ require_tld: false, protocols: ['http', 'https'], require_protocol: true }, { message: 'must be a URL' })
  readonly issuer?: string;

  @IsOptional()
  @IsString(A_TEXT)
  readonly client_id?: string;

  @IsOptional()
  @IsString(A_TEXT)
  readonly client_secret?: string;

  @IsOptional()
  @IsString(A_TEXT)
  readonly scope?: string;

  @IsOptional()
  @IsString(A_TEXT)
  @MinLength(1, A_TEXT)
  readonly token_key?: string;

  /** Whether its tokens are given only to who has the token key. */
  @IsBoolean({ message: 'must be true or false' })
  readonly demands_token_key: boolean = false;
}

/** What the operator lets privileged users have (contract 10): the file that `PANDA_GRANTS` names. */
export class GrantsDocument {
  /** Folder with the files of key pairs. */
  @IsOptional()
  @IsString(A_TEXT)
  readonly key_pairs?: string;

  @IsArray(A_LIST)
  @ValidateNested({ each: true, message: 'must hold objects' })
  @Type(() => ProxyGrant)
  readonly proxies: readonly ProxyGrant[] = [];

  @IsArray(A_LIST)
  @ValidateNested({ each: true, message: 'must hold objects' })
  @Type(() => ClientGrant)
  readonly clients: readonly ClientGrant[] = [];
}

const faultsOf = (errors: readonly ValidationError[], above = ''): readonly string[] =>
  errors.flatMap(({ property, constraints = {}, children = [] }) => {
    const path = /^\d+$/.test(property)
      ? `${above}[${property}]`
      : [above, property].filter((part) => part !== '').join('.');
    return [
      ...Object.values(constraints)
        .slice(0, 1)
        .map((fault) => `${path}: ${fault}`),
      ...faultsOf(children, path),
    ];
  });

/** Values are secret, so that faults name paths only. */
const parsed = (text: string): unknown => {
  try {
    return parse(text, { logLevel: 'error' }) ?? {};
  } catch {
    return undefined;
  }
};

/**
 * @param file YAML or JSON; without it nothing is granted
 * @throws CannotStart naming each fault by its path
 */
export const readGrants = (file: string | undefined): GrantsDocument => {
  if (file === undefined) return new GrantsDocument();
  const value = parsed(readSecretFileSetting('PANDA_GRANTS', file, { mayBeEmpty: true }));
  const fail = (faults: string): CannotStart => new CannotStart(`PANDA_GRANTS is "${file}", which is wrong: ${faults}`);
  if (!isObject(value)) throw fail('it must be a YAML or JSON object');
  const document = plainToInstance(GrantsDocument, value);
  const faults = faultsOf(
    validateSync(document, {
      whitelist: true,
      forbidNonWhitelisted: true,
      validationError: { target: false, value: false },
    }),
  );
  if (faults.length > 0) throw fail(faults.join('; '));
  const incomplete = document.clients.findIndex(
    ({ token, token_file, issuer, client_id, client_secret }) =>
      token === undefined &&
      token_file === undefined &&
      [issuer, client_id, client_secret].some((part) => part === undefined),
  );
  if (incomplete !== -1) {
    throw fail(
      `clients[${String(incomplete)}]: must have a token, a token_file, or issuer, client_id and client_secret`,
    );
  }
  return document;
};
