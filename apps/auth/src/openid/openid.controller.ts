import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { objectIn } from '#platform/json-object.js';
import { Log } from '#platform/logging.js';
import { personName } from '#platform/tokens/user-name.js';
import { LEEWAY_SECONDS } from '#platform/tokens/verifier.js';
import type { Answer, Message, MessageContext } from '#bus/contract.js';
import { AskOpenId, type WebAnswer, type WebRequest } from '#contracts/openid.js';
import { CodeAttempts } from '../login/code-attempts.js';
import { answerByNode } from './answer-by-node.js';
import { DeviceChallenges } from './device-challenges.js';
import { REFRESH_SECONDS } from './key-value-adapter.js';
import { loginPage, messagePage, sendingPage, TOO_LATE } from './pages.js';
import { UserAuthenticator } from './user-authenticator.js';
import { type Realm, Realms } from './realms.js';
import { showPage } from './show-page.js';
import { jsonAnswer, pageAnswer, refusal, withBody, withSendingPage } from './web-answer.js';
import { askedOf, hasTooMany, INTERACTION_PATH, PATHS, type Tidied, tidied, USERINFO_PATH } from './web-request.js';

/** How often programs ask whether the user has logged in. */
const POLL_SECONDS = 5;

/** What the login page says when a login failed. */
const LOGIN_TROUBLES = {
  wrong: [403, 'User name or password is wrong.'],
  locked: [429, 'Too many wrong passwords. Please wait a minute and try again.'],
  busy: [503, 'Too many people log in right now. Please try again.'],
} as const;

/** The embedded OpenID provider (IceProd contract 3). It is loaded at the first request. */
@Controller()
export class OpenIdController {
  constructor(
    private readonly realms: Realms,
    private readonly users: UserAuthenticator,
    private readonly challenges: DeviceChallenges,
    private readonly wrongCodes: CodeAttempts,
    private readonly log: Log,
  ) {}

  @MessagePattern(AskOpenId.subject)
  async ask({ request, context }: Message<WebRequest>): Promise<Answer<WebAnswer>> {
    return { reply: await this.answer(request, context) };
  }

  private async answer(request: WebRequest, context: MessageContext): Promise<WebAnswer> {
    const asked = askedOf(request.url);
    if (asked === undefined) return refusal(404, 'invalid_request', 'no such realm');
    const realm = await this.realms.find(request.headers['host'], asked.realm);
    if (realm === undefined) {
      return refusal(400, 'invalid_request', 'set PUBLIC_URL to be reached under this host name');
    }
    const tidy = tidied(asked, request);
    if (hasTooMany(tidy)) return refusal(400, 'invalid_request', 'too many parameters');
    const { path } = asked;
    if (path === USERINFO_PATH) return this.userinfo(realm, tidy);
    if (path.startsWith(`${INTERACTION_PATH}/`)) return this.logIn(realm, tidy, context);
    if (path === PATHS.token && !(await this.challenges.areMet(tidy.form))) {
      return refusal(400, 'invalid_grant', 'PKCE verification failed');
    }
    if (path === PATHS.code_verification && tidy.method === 'POST' && this.wrongCodes.isLocked(request.address)) {
      return pageAnswer(429, messagePage('Please wait', 'Too many wrong codes. Try again in a minute.'));
    }
    const answer = await answerByNode(realm, tidy, realm.provider.callback(), this.log);
    const page = sendingPage(answer.body);
    return page === undefined ? this.completed(answer, tidy) : withSendingPage(answer, page);
  }

  /** The login page. */
  private logIn(realm: Realm, tidy: Tidied, context: MessageContext): Promise<WebAnswer> {
    const { base, provider } = realm;
    const { asked, method, form } = tidy;
    const dispatch = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      // Without the cookie of this very login, or too late, there is none.
      const details = await provider.interactionDetails(request, response).catch(() => undefined);
      const action = `${INTERACTION_PATH}/${details?.uid ?? ''}`;
      if (details === undefined || asked.path !== action) {
        showPage(response, 400, TOO_LATE);
        return;
      }
      const page = (username: string, problem?: string): string =>
        loginPage(`${base}${action}`, String(details.params['client_id']), username, problem);
      if (method !== 'POST') {
        showPage(response, 200, page(''));
        return;
      }
      const given = form.get('username') ?? '';
      const username = personName(given) ?? '';
      const outcome = await this.users.authenticate(username, form.get('password') ?? '', context);
      if (outcome === 'authenticated') {
        await provider.interactionFinished(request, response, { login: { accountId: username } });
        return;
      }
      const [status, problem] = LOGIN_TROUBLES[outcome];
      showPage(response, status, page(given, problem));
    };
    return answerByNode(realm, tidy, dispatch, this.log);
  }

  private async userinfo({ publicUrl, name }: Realm, { headers }: Tidied): Promise<WebAnswer> {
    const token = /^bearer +(\S+) *$/i.exec(headers['authorization'] ?? '')?.[1];
    try {
      const keys = await this.realms.signingKeys();
      const keySet = createLocalJWKSet({ keys: keys.map(({ publicJwk }) => publicJwk) });
      const { payload } = await jwtVerify(token ?? '', keySet, {
        algorithms: ['RS256'],
        typ: 'at+jwt',
        issuer: `${publicUrl}/auth/realms/${name}`,
        clockTolerance: LEEWAY_SECONDS,
      });
      const { sub = '', iat = 0 } = payload;
      const claims = this.users.isRevoked(sub, iat * 1000) ? undefined : this.users.claimsOf(sub);
      if (claims !== undefined) return jsonAnswer(200, claims);
    } catch {
      // An invalid token is answered below.
    }
    return jsonAnswer(401, { error: 'invalid_token' }, [['www-authenticate', 'Bearer error="invalid_token"']]);
  }

  /** Adds what clients of Keycloak expect. */
  private async completed(answer: WebAnswer, { asked: { path }, form }: Tidied): Promise<WebAnswer> {
    if (answer.status !== 200) return answer;
    const reply = objectIn(answer.body) ?? {};
    if (path === PATHS.device_authorization) {
      const expiresAtMs = Date.now() + Number(reply['expires_in']) * 1000;
      await this.challenges.remember(form, reply['device_code'], expiresAtMs);
      return withBody(answer, { ...reply, interval: POLL_SECONDS });
    }
    if (path !== PATHS.token || reply['refresh_token'] === undefined) return answer;
    return withBody(answer, { ...reply, refresh_expires_in: REFRESH_SECONDS });
  }
}
