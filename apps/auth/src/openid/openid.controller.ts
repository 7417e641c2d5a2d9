import { hash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { inject } from 'light-my-request';
import type { Provider } from 'oidc-provider';
import { Environment } from '#platform/environment.js';
import { objectIn } from '#platform/json-object.js';
import { readOrMakeKey } from '#platform/key-file.js';
import { Log } from '#platform/logging.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { LEEWAY_SECONDS } from '#platform/tokens/verifier.js';
import type { Answer, Message, MessageContext } from '#bus/contract.js';
import { AskOpenId, type WebAnswer, type WebRequest } from '#contracts/openid.js';
import { Keep } from '#keep/keep.js';
import { Clients } from '../account/clients.js';
import { Attempts } from '../login/attempts.js';
import { DEVICE_GRANT, REFRESH_SECONDS } from './keep-adapter.js';
import { basePathOf, makeProvider } from './make-provider.js';
import {
  loginPage,
  messagePage,
  PAGE_HEADERS,
  OUT_OF_ORDER,
  SENDING_PAGE_HEADERS,
  sendingPage,
  TOO_LATE,
} from './pages.js';
import { People } from './people.js';
import {
  askedOf,
  challengeOf,
  hasTooMany,
  INTERACTION_PATH,
  PATHS,
  publicUrlOf,
  type Tidied,
  tidied,
  USERINFO_PATH,
} from './web-request.js';

/** Issuers that have a provider in memory; more are made anew when asked for. */
const PROVIDERS_MAX = 64;
/** How often programs ask whether somebody has logged in. */
const POLL_SECONDS = 5;
const COOKIE_KEY_BYTES = 32;
/** Codes that nobody was given, from one address, after which it has to wait. */
const WRONG_CODES = { max: 20, restMs: 60_000 };

/** What to tell somebody whose login failed. */
const LOGIN_TROUBLES = {
  wrong: [403, 'User name or password is wrong.'],
  resting: [429, 'Too many wrong passwords. Please wait a minute and try again.'],
  busy: [503, 'Too many people log in right now. Please try again.'],
} as const;

interface Realm {
  readonly publicUrl: string;
  readonly name: string;
  /** Path that everything of the realm begins with. */
  readonly base: string;
  readonly provider: Provider;
}

interface Keys {
  readonly signing: readonly SigningKey[];
  readonly cookieKey: string;
}

const openKeys = async (folder: string): Promise<Keys> => ({
  signing: await SigningKey.openAll(folder),
  cookieKey: await readOrMakeKey(folder, 'openid-cookies', () => randomBytes(COOKIE_KEY_BYTES).toString('base64url')),
});

type Dispatch = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

const jsonAnswer = (status: number, body: object, headers: WebAnswer['headers'] = []): WebAnswer => ({
  status,
  headers: [['content-type', 'application/json; charset=UTF-8'], ['cache-control', 'no-store'], ...headers],
  body: JSON.stringify(body),
});

const refusal = (status: number, error: string, error_description: string): WebAnswer =>
  jsonAnswer(status, { error, error_description });

const withBody = (answer: WebAnswer, body: object): WebAnswer => ({
  ...answer,
  headers: answer.headers.filter(([name]) => name !== 'content-length'),
  body: JSON.stringify(body),
});

const pageAnswer = (status: number, html: string): WebAnswer => ({
  status,
  headers: Object.entries(PAGE_HEADERS),
  body: html,
});

/** The answer with a page that sends itself; cookies stay. */
const withPage = ({ status, headers }: WebAnswer, html: string): WebAnswer => ({
  status,
  headers: [
    ...headers.filter(([name]) => name !== 'content-length' && !Object.hasOwn(SENDING_PAGE_HEADERS, name)),
    ...Object.entries(SENDING_PAGE_HEADERS),
  ],
  body: html,
});

const showPage = (response: ServerResponse, status: number, html: string): void => {
  response.writeHead(status, PAGE_HEADERS).end(html);
};

const challengeKey = (deviceCode: unknown): string => `openid/device-challenge/${hash('sha256', String(deviceCode))}`;

/** The embedded OpenID provider (IceProd contract 3). Nothing of it is loaded before somebody asks. */
@Controller()
export class OpenIdController {
  private opened: Promise<Keys> | undefined;
  private readonly realms = new Map<string, Promise<Realm>>();
  private readonly wrongCodes = new Attempts(WRONG_CODES);

  constructor(
    private readonly environment: Environment,
    private readonly keep: Keep,
    private readonly clients: Clients,
    private readonly people: People,
    private readonly log: Log,
  ) {}

  @MessagePattern(AskOpenId.subject)
  async ask({ request, context }: Message<WebRequest>): Promise<Answer<WebAnswer>> {
    return { reply: await this.answer(request, context) };
  }

  private async answer(request: WebRequest, context: MessageContext): Promise<WebAnswer> {
    const asked = askedOf(request.url);
    if (asked === undefined) return refusal(404, 'invalid_request', 'no such realm');
    const publicUrl = publicUrlOf(request.headers['host'], this.environment);
    if (publicUrl === undefined) {
      return refusal(400, 'invalid_request', 'set PUBLIC_URL to be reached under this host name');
    }
    const realm = await this.realm(publicUrl, asked.realm);
    const tidy = tidied(asked, request);
    if (hasTooMany(tidy)) return refusal(400, 'invalid_request', 'too many parameters');
    const { path } = asked;
    if (path === USERINFO_PATH) return this.userinfo(realm, tidy);
    if (path.startsWith(`${INTERACTION_PATH}/`)) {
      return this.send(realm, request.method, tidy, (raw, response) =>
        this.interact(realm, raw, response, tidy, request.method, context),
      );
    }
    if (path === PATHS.token && !(await this.isOwnDevice(tidy.form))) {
      return refusal(400, 'invalid_grant', 'PKCE verification failed');
    }
    if (path === PATHS.code_verification && request.method === 'POST' && this.wrongCodes.isResting(request.address)) {
      return pageAnswer(429, messagePage('Please wait', 'Too many wrong codes. Try again in a minute.'));
    }
    if (path === PATHS.code_verification && request.method === 'GET') {
      // The provider would answer a page that sends itself by script; ours shows the code and waits for the person.
      const code = tidy.asked.query.get('user_code');
      if (code !== null) tidy.asked.query.set('code', code);
      tidy.asked.query.delete('user_code');
    }
    const answer = await this.send(realm, request.method, tidy, realm.provider.callback());
    const page = sendingPage(answer.body);
    return page === undefined ? this.completed(answer, tidy) : withPage(answer, page);
  }

  private realm(publicUrl: string, name: string): Promise<Realm> {
    const id = `${publicUrl} ${name}`;
    const known = this.realms.get(id);
    if (known !== undefined) return known;
    const oldest = this.realms.keys().next();
    if (this.realms.size >= PROVIDERS_MAX && oldest.done !== true) this.realms.delete(oldest.value);
    const made = this.makeRealm(publicUrl, name);
    this.realms.set(id, made);
    made.catch(() => this.realms.delete(id));
    return made;
  }

  private keys(): Promise<Keys> {
    this.opened ??= openKeys(this.environment.CAIRN_DATA_DIR).catch((error: unknown) => {
      this.opened = undefined;
      throw error;
    });
    return this.opened;
  }

  private async makeRealm(publicUrl: string, name: string): Promise<Realm> {
    const { OIDC_AUDIENCE: audience } = this.environment;
    const { signing, cookieKey } = await this.keys();
    const provider = await makeProvider({
      publicUrl,
      realm: name,
      keep: this.keep,
      clients: this.clients,
      keys: signing,
      cookieKey,
      audience,
      enrolledAt: (username) => this.people.enrolledAt(username),
      claimsOf: (username) => this.people.claimsOf(username),
      wrongCode: (address) => this.wrongCodes.failed(address),
      log: this.log,
    });
    return { publicUrl, name, base: basePathOf(publicUrl, name), provider };
  }

  /** Lets something that expects Node's own request and response answer the message. */
  private async send(
    { publicUrl, base }: Realm,
    method: string,
    { asked: { path, query }, form, headers, address }: Tidied,
    dispatch: Dispatch,
  ): Promise<WebAnswer> {
    const { protocol, host } = new URL(publicUrl);
    const url = query.size === 0 ? path : `${path}?${query.toString()}`;
    const originalUrl = `${base}${url}`;
    const answer = await inject(
      (request, response) => {
        Object.assign(request, { originalUrl });
        Promise.resolve(dispatch(request, response)).catch((error: unknown) => {
          this.log.error({ error, path }, 'login failed');
          if (!response.headersSent) showPage(response, 500, OUT_OF_ORDER);
        });
      },
      {
        method: method === 'POST' ? 'POST' : 'GET',
        url,
        headers: {
          ...headers,
          host,
          'x-forwarded-proto': protocol.slice(0, -1),
          'x-forwarded-for': address,
          ...(method === 'POST' && { 'content-type': 'application/x-www-form-urlencoded' }),
        },
        ...(method === 'POST' && { payload: form.toString() }),
      },
    );
    const pairs = Object.entries(answer.headers).flatMap(([name, value]) =>
      [value ?? []].flat().map((each) => [name, String(each)] as const),
    );
    return { status: answer.statusCode, headers: pairs, body: answer.payload };
  }

  /** The page where a person logs in. */
  private async interact(
    { base, provider }: Realm,
    request: IncomingMessage,
    response: ServerResponse,
    { asked: { path }, form }: Tidied,
    method: string,
    context: MessageContext,
  ): Promise<void> {
    // Without the cookie of this very login, or too late, there is none.
    const details = await provider.interactionDetails(request, response).catch(() => undefined);
    const action = `${INTERACTION_PATH}/${details?.uid ?? ''}`;
    if (details === undefined || path !== action) {
      showPage(response, 400, TOO_LATE);
      return;
    }
    const page = (username: string, problem?: string): string =>
      loginPage(`${base}${action}`, String(details.params['client_id']), username, problem);
    if (method !== 'POST') {
      showPage(response, 200, page(''));
      return;
    }
    const username = form.get('username') ?? '';
    const outcome = await this.people.logIn(username, form.get('password') ?? '', context);
    if (outcome === 'in') {
      await provider.interactionFinished(request, response, { login: { accountId: username } });
      return;
    }
    const [status, problem] = LOGIN_TROUBLES[outcome];
    showPage(response, status, page(username, problem));
  }

  private async userinfo({ publicUrl, name }: Realm, { headers }: Tidied): Promise<WebAnswer> {
    const token = /^bearer +(\S+) *$/i.exec(headers['authorization'] ?? '')?.[1];
    try {
      const { signing } = await this.keys();
      const keySet = createLocalJWKSet({ keys: signing.map(({ publicJwk }) => publicJwk) });
      const { payload } = await jwtVerify(token ?? '', keySet, {
        algorithms: ['RS256'],
        typ: 'at+jwt',
        issuer: `${publicUrl}/auth/realms/${name}`,
        clockTolerance: LEEWAY_SECONDS,
      });
      const claims = this.people.claimsOf(payload.sub ?? '');
      if (claims !== undefined) return jsonAnswer(200, claims);
    } catch {
      // Whatever is wrong with it, it is no token of ours.
    }
    return jsonAnswer(401, { error: 'invalid_token' }, [['www-authenticate', 'Bearer error="invalid_token"']]);
  }

  /** The library knows no PKCE for devices; public clients use it all the same. */
  private async isOwnDevice(form: URLSearchParams): Promise<boolean> {
    if (form.get('grant_type') !== DEVICE_GRANT) return true;
    const challenge = await this.keep.get(challengeKey(form.get('device_code')));
    return challenge === undefined || challengeOf(form.get('code_verifier') ?? '') === challenge;
  }

  /** Adds what clients of Keycloak expect. */
  private async completed(answer: WebAnswer, { asked: { path }, form }: Tidied): Promise<WebAnswer> {
    if (answer.status !== 200) return answer;
    const reply = objectIn(answer.body) ?? {};
    if (path === PATHS.device_authorization) {
      const challenge = form.get('code_challenge');
      const expiresAtMs = Date.now() + Number(reply['expires_in']) * 1000;
      if (challenge !== null) await this.keep.put(challengeKey(reply['device_code']), challenge, { expiresAtMs });
      return withBody(answer, { ...reply, interval: POLL_SECONDS });
    }
    if (path !== PATHS.token || reply['refresh_token'] === undefined) return answer;
    return withBody(answer, { ...reply, refresh_expires_in: REFRESH_SECONDS });
  }
}
