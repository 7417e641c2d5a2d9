import { path } from '../route/fields.js';
import type { Route } from '../route/route.js';
import { iceprodRoute } from './iceprod-route.js';
import { LOGIN_DEADLINE_MS } from './login.routes.js';

const tag = 'login';
const fields = { realm: path() };

type Realm = typeof fields;
interface Described {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly summary: string;
}

const realmRoute = (below: string, spec: Described, page: boolean): Route<Realm> =>
  iceprodRoute({
    ...spec,
    tag,
    path: `/auth/realms/:realm${below}`,
    // What OpenID asks for instead of a token (clients' secrets, codes, cookies) is judged by the provider.
    policy: 'public',
    fields,
    deadlineMs: LOGIN_DEADLINE_MS,
    ...(page && { contentType: 'text/html; charset=utf-8' }),
    response: page ? { type: 'string' } : { type: 'object' },
    errors: { 400: 'in the words of OpenID: {error, error_description}' },
  });

const openId = (below: string, spec: Described): Route<Realm> => realmRoute(below, spec, false);
const openIdPage = (below: string, spec: Described): Route<Realm> => realmRoute(below, spec, true);

/** Of which the discovery document tells, or the pages themselves. */
const undocumented = (route: Route<Realm>): Route<Realm> => ({ ...route, undocumented: true });

/** Where pages lead; no client goes there by itself. */
const hidden = (below: string, spec: Described): Route<Realm> => undocumented(realmRoute(below, spec, true));

/** IceProd contract 3. */
export const openIdRoutes = {
  discovery: openId('/.well-known/openid-configuration', {
    name: 'openIdDiscovery',
    method: 'GET',
    summary: 'OpenID discovery document',
  }),
  keys: openId('/protocol/openid-connect/certs', {
    name: 'openIdKeys',
    method: 'GET',
    summary: 'JSON Web Key Set of the issuer',
  }),
  token: openId('/protocol/openid-connect/token', {
    name: 'openIdToken',
    method: 'POST',
    summary: 'Tokens for a device code, a refresh token, client credentials or an authorization code',
  }),
  startDevice: openId('/protocol/openid-connect/auth/device', {
    name: 'openIdDevice',
    method: 'POST',
    summary: 'Starts the device grant',
  }),
  devicePage: openIdPage('/device', {
    name: 'openIdDevicePage',
    method: 'GET',
    summary: 'Page where a person types the code that a program shows',
  }),
  authorize: openIdPage('/protocol/openid-connect/auth', {
    name: 'openIdAuthorize',
    method: 'GET',
    summary: 'Login of a web page by browser',
  }),
  userinfo: openId('/protocol/openid-connect/userinfo', {
    name: 'openIdUserinfo',
    method: 'GET',
    summary: 'Claims of the user of an access token',
  }),
  logout: openIdPage('/protocol/openid-connect/logout', {
    name: 'openIdLogout',
    method: 'GET',
    summary: 'Ends the session of a browser',
  }),
  revoke: undocumented(
    openId('/protocol/openid-connect/revoke', {
      name: 'openIdRevoke',
      method: 'POST',
      summary: 'Ends a refresh token of the client (RFC 7009)',
    }),
  ),
  submitDevice: hidden('/device', { name: 'openIdDeviceSubmit', method: 'POST', summary: 'Sends the page' }),
  resumeDevice: hidden('/device/:uid', {
    name: 'openIdDeviceResume',
    method: 'GET',
    summary: 'Goes on after the login',
  }),
  submitAuthorize: hidden('/protocol/openid-connect/auth', {
    name: 'openIdAuthorizeSubmit',
    method: 'POST',
    summary: 'As GET, with a form',
  }),
  resumeAuthorize: hidden('/protocol/openid-connect/auth/:uid', {
    name: 'openIdAuthorizeResume',
    method: 'GET',
    summary: 'Goes on after the login',
  }),
  loginPage: hidden('/interaction/:uid', {
    name: 'openIdLoginPage',
    method: 'GET',
    summary: 'Page for user name and password',
  }),
  submitLogin: hidden('/interaction/:uid', { name: 'openIdLoginSubmit', method: 'POST', summary: 'Sends the page' }),
  submitLogout: hidden('/protocol/openid-connect/logout', {
    name: 'openIdLogoutSubmit',
    method: 'POST',
    summary: 'As GET, with a form',
  }),
  confirmLogout: hidden('/protocol/openid-connect/logout/confirm', {
    name: 'openIdLogoutConfirm',
    method: 'POST',
    summary: 'Sends the page',
  }),
  loggedOut: hidden('/protocol/openid-connect/logout/success', {
    name: 'openIdLoggedOut',
    method: 'GET',
    summary: 'Says that it is done',
  }),
};
