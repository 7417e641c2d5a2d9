import { Injectable } from '@nestjs/common';
import type { Vo } from '#contracts/panda/configuration.js';
import { VoDirectory } from '../principal/vo-directory.js';
import { JSON_TYPE, NOT_FOUND } from '../protocol/answers.js';
import type { RawAnswer, RawCall, RawHandlers, RequestFacts } from '../protocol/function.js';
import type { authConfigRaw } from './auth-config.raw.js';

/** Of Cairn's own OpenID provider, where it stands for the VOs. */
const OWN_REALM = 'cairn';

/** panda-client takes this text, not a boolean, for not checking certificates: nobody checks those of plain HTTP. */
const NO_VERIFY = { no_verify: 'True' };

const ownDiscoveryUrl = ({ scheme, host }: RequestFacts): string =>
  `${scheme}://${host}/auth/realms/${OWN_REALM}/.well-known/openid-configuration`;

/** Undefined for a VO without a client. */
const configOf = ({ name, issuers, client, robots }: Vo, request: RequestFacts): object | undefined => {
  if (client === null) return undefined;
  const external = issuers.find((issuer) => issuer !== 'cairn');
  return {
    oidc_config_url: external?.oidc_config_url ?? ownDiscoveryUrl(request),
    ...client,
    vo: name,
    ...((external?.jwt_profile ?? null) !== null && { jwt_profile: external?.jwt_profile }),
    ...(external === undefined && request.scheme === 'http' && NO_VERIFY),
    ...(robots.length > 0 && { robot_ids: robots.join(',') }),
  };
};

/** Tells panda-client where users of a VO get their tokens (PanDA contract 2.5, 10.1). */
@Injectable()
export class AuthConfigHandlers implements RawHandlers<typeof authConfigRaw> {
  constructor(private readonly directory: VoDirectory) {}

  async authConfig({ path, request }: RawCall): Promise<RawAnswer> {
    const { vos } = await this.directory.current();
    const vo = vos.get(path['vo'] ?? '');
    const config = vo === undefined ? undefined : configOf(vo, request);
    return config === undefined ? NOT_FOUND : { status: 200, contentType: JSON_TYPE, content: JSON.stringify(config) };
  }
}
