import { Injectable } from '@nestjs/common';
import type { Principal } from '#contracts/panda/principal.js';
import { principalOf } from '../protocol/caller.js';
import { type Envelope, type Handlers, type PandaCall, type RequestFacts, success } from '../protocol/function.js';
import type { systemFunctions } from './system.functions.js';

type Texts = Readonly<Record<string, string>>;

/** Never shown: what proves who the caller is. */
const SECRET_HEADERS: readonly string[] = ['authorization', 'proxy-authorization', 'cookie'];

const MASK = '***';

/** `Accept-Encoding` becomes `HTTP_ACCEPT_ENCODING`. */
const environmentName = (header: string): string => `HTTP_${header.toUpperCase().replaceAll('-', '_')}`;

/** The identity as the front end of the reference server describes a certificate with its attributes. */
const vomsAttributes = ({ dn, fqans }: Principal): Texts =>
  Object.fromEntries([
    ['GRST_CRED_0', dn],
    ['GRST_CRED_AURI_0', `dn:${dn}`],
    ...fqans.map((fqan, index): [string, string] => [`GRST_CRED_${index + 1}`, `VOMS 0 9999999999 0 ${fqan}`]),
    ...fqans.map((fqan, index): [string, string] => [`GRST_CRED_AURI_${index + 1}`, `fqan:${fqan}`]),
  ]);

const environmentOf = ({ method, path, remoteAddress, headers }: RequestFacts, principal: Principal): Texts => ({
  REQUEST_METHOD: method,
  PATH_INFO: path,
  REMOTE_ADDR: remoteAddress,
  ...Object.fromEntries(
    Object.entries(headers).map(([name, value = '']) => [
      environmentName(name),
      SECRET_HEADERS.includes(name) ? MASK : value,
    ]),
  ),
  SSL_CLIENT_S_DN: principal.dn,
  ...vomsAttributes(principal),
});

const sorted = (texts: Texts): Texts =>
  Object.fromEntries(Object.entries(texts).sort(([one], [other]) => (one < other ? -1 : 1)));

const lines = (texts: Texts): string =>
  Object.entries(texts)
    .map(([name, text]) => `${name} : ${text}\n`)
    .join('');

const parametersOf = ({ query }: RequestFacts): Texts => Object.fromEntries(new URLSearchParams(query));

/** Where the caller has reached the server: it listens on one port, whatever the scheme. */
const endpointOf = ({ host, scheme }: RequestFacts): string =>
  /:\d+$/.test(host) ? host : `${host}:${scheme === 'https' ? 443 : 80}`;

/** Answers what the server knows of a request and its caller (PanDA contract 6.9). Nothing of the server itself is told. */
@Injectable()
export class SystemHandlers implements Handlers<typeof systemFunctions> {
  get_attributes(call: PandaCall): Envelope {
    const parameters = sorted(parametersOf(call.request));
    const environment = sorted(environmentOf(call.request, principalOf(call)));
    const message = `===== param =====\n${lines(parameters)}\n====== env ======\n${lines(environment)}`;
    return success({ parameters, environment }, message);
  }

  get_voms_attributes(call: PandaCall): Envelope {
    const attributes = sorted(vomsAttributes(principalOf(call)));
    return success(attributes, lines(attributes));
  }

  get_user_attributes(call: PandaCall): Envelope {
    const { dn, name, fqans, isProduction, workingGroups, primaryWorkingGroup } = principalOf(call);
    const attributes = {
      user_dn_raw: dn,
      user_dn_clean: name,
      fqans,
      is_production_user: isProduction,
      production_working_groups: workingGroups,
      primary_working_group: primaryWorkingGroup,
    };
    const message = Object.entries(attributes)
      .map(([key, value]) => `${key} : ${Array.isArray(value) ? value.join(', ') : String(value)}\n`)
      .join('');
    return success(attributes, message);
  }

  get_https_endpoint({ request }: PandaCall): Envelope {
    return success(endpointOf(request));
  }

  get_http_endpoint({ request }: PandaCall): Envelope {
    return success(endpointOf(request));
  }

  is_alive(): Envelope {
    return success();
  }
}
