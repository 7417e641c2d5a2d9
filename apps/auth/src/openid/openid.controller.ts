import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { objectIn } from '#platform/json-object.js';
import { Log } from '#platform/logging.js';
import { clientOf } from '#platform/network-client.js';
import { personName } from '#platform/tokens/user-name.js';
import { LEEWAY_SECONDS } from '#platform/tokens/verifier.js';
import type { Answer, Message, MessageContext } from '#bus/contract.js';
import { AskOpenId, type WebAnswer, type WebRequest } from '#contracts/openid.js';
import { Clients } from '../account/clients.js';
import { CodeGuesses } from '../login/code-guesses.js';
import { SecretGuesses } from '../login/secret-guesses.js';
import { AnonymousRecords } from './anonymous-records.js';
import { answerByNode } from './answer-by-node.js';
import { DeviceChallenges } from './device-challenges.js';
import { REFRESH_SECONDS } from './key-value-adapter.js';
import { loginPage, messagePage, sendingPage, TOO_LATE } from './pages.js';
import { UserAuthenticator } from './user-authenticator.js';
import { type Realm, Realms } from './realms.js';
import { showPage } from './show-page.js';
import { jsonAnswer, pageAnswer, refusal, withBody, withSendingPage } from './web-answer.js';
import { askedOf, INTERACTION_PATH, isTooLarge, PATHS, type Tidied, tidied, USERINFO_PATH } from './web-request.js';

/** How often programs ask whether the user has logged in. */
const POLL_SECONDS = 5;

/** Where a request without any proof may leave records in the store. */
const RECORDING_PATHS = [PATHS.authorization, PATHS.code_verification, PATHS.end_session];
/** A cookie that names a record. */
const RECORD_COOKIE = /^_(?:session|interaction)=[^;]+/;
const RETRY_AFTER = [['retry-after', '60']] as const;

const isRecording = ({ asked: { path } }: Tidied): boolean => RECORDING_PATHS.some((start) => path.startsWith(start));

/** Whether an answer tells of a record that the request did not know of. */
const hasLeftRecord = ({ asked: { path }, headers }: Tidied, answer: WebAnswer): boolean => {
  if (path === PATHS.device_authorization) return answer.status === 200;
  const known = headers['cookie'] ?? '';
  return answer.headers.some(([name, value]) => {
    const cookie = name === 'set-cookie' ? RECORD_COOKIE.exec(value)?.[0] : undefined;
    return cookie !== undefined && !known.includes(cookie);
  });
};

/** Who asks too much is answered before the provider is. */
const pleaseWait = ({ asked: { path } }: Tidied, text: string): WebAnswer =>
  path === PATHS.device_authorization || path === PATHS.token || path === PATHS.revocation
    ? jsonAnswer(429, { error: 'temporarily_unavailable', error_description: text }, RETRY_AFTER)
    : pageAnswer(429, messagePage('Please wait', text), RETRY_AFTER);

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
    private readonly clients: Clients,
    private readonly records: AnonymousRecords,
    private readonly codes: CodeGuesses,
    private readonly secrets: SecretGuesses,
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
    if (isTooLarge(tidy)) return refusal(400, 'invalid_request', 'too many or too long parameters');
    const { path } = asked;
    if (path === USERINFO_PATH) return this.userinfo(realm, tidy);
    if (path.startsWith(`${INTERACTION_PATH}/`)) return this.logIn(realm, tidy, context);
    const client = clientOf(request.address);
    const { secret } = tidy;
    if (secret !== undefined && !(await this.clients.isSecret(secret)) && !this.secrets.begin(client)) {
      return pleaseWait(tidy, 'too many wrong secrets');
    }
    if (path === PATHS.token && !(await this.challenges.areMet(tidy.form))) {
      return refusal(400, 'invalid_grant', 'PKCE verification failed');
    }
    if (path === PATHS.device_authorization && !this.challenges.isUsable(tidy.form)) {
      return refusal(400, 'invalid_request', 'code_challenge must be one of the method S256');
    }
    return isRecording(tidy) ? this.recording(realm, tidy, client) : this.provided(realm, tidy);
  }

  /** The answer of the provider. */
  private async provided(realm: Realm, tidy: Tidied): Promise<WebAnswer> {
    const answer = await answerByNode(realm, tidy, realm.provider.callback(), this.log);
    const page = sendingPage(answer.body);
    return page === undefined ? this.completed(answer, tidy) : withSendingPage(answer, page);
  }

  /** The same where it may leave records, unless the client has too many or guesses codes. */
  private async recording(realm: Realm, tidy: Tidied, client: string): Promise<WebAnswer> {
    const isGuess = tidy.asked.path === PATHS.code_verification && tidy.method === 'POST';
    if (isGuess && !this.codes.begin(client)) return pleaseWait(tidy, 'Too many wrong codes. Try again in a minute.');
    if (!this.records.take(client))
      return pleaseWait(tidy, 'Too many logins are under way. Try again in some minutes.');
    let answer: WebAnswer | undefined;
    try {
      answer = await this.provided(realm, tidy);
      return answer;
    } finally {
      if (isGuess && answer?.status !== 400) this.codes.takeBack(client);
      if (answer !== undefined && hasLeftRecord(tidy, answer)) this.records.keep(client);
      else this.records.giveBack(client);
    }
  }

  /** The login page. */
  private logIn(realm: Realm, tidy: Tidied, context: MessageContext): Promise<WebAnswer> {
    const { base, provider } = realm;
    const { asked, method, form, address } = tidy;
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
      const outcome = await this.users.authenticate({ username, address }, form.get('password') ?? '', context);
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
