import { DomainError } from '#platform/domain-error.js';
import { withoutSlash } from '#platform/tokens/issuer-keys.js';
import type { Tokens } from './credential.js';

const TIMEOUT_MS = 5_000;
/** An issuer's words in an answer; more is nobody's error text. */
const REASON_CHARACTERS_MAX = 300;

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const REFRESH_TOKEN = 'urn:ietf:params:oauth:token-type:refresh_token';

interface IssuerOptions {
  readonly issuer: string;
  /** URLs below which its opaque tokens are used, besides its own. */
  readonly locations: readonly string[];
  readonly clientId: string;
  /** Without it the client is a public one. */
  readonly clientSecret?: string | undefined;
}

type Form = Readonly<Record<string, string | undefined>>;
type Json = Readonly<Record<string, unknown>>;

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** Whether a URL is the place or below it. Both are normalized first: `https://a.example/x/../y` is not below `https://a.example/x`. */
const isAt = (url: string, place: string): boolean => {
  if (!URL.canParse(url) || !URL.canParse(place)) return false;
  const [below, above] = [new URL(url), new URL(place)];
  const path = withoutSlash(above.pathname);
  return (
    below.protocol === above.protocol &&
    below.host === above.host &&
    (below.pathname === path || below.pathname.startsWith(`${path}/`))
  );
};

const refusal = (reason: string): DomainError => new DomainError('invalid', 'credential.issuer', reason);

/** The error of the answer, word and explanation (RFC 6749, 5.2). */
const reasonOf = ({ error, error_description }: Json, status: number): string =>
  [textOf(error) ?? `status ${status}`, textOf(error_description)].filter((part) => part !== undefined).join(': ');

/** Some issuers quote what they were sent. */
const withoutSecrets = (reason: string, form: URLSearchParams): string =>
  ['refresh_token', 'subject_token', 'client_secret']
    .flatMap((name) => form.get(name) ?? [])
    .filter((secret) => secret !== '')
    .reduce((text, secret) => text.replaceAll(secret, '[hidden]'), reason);

const jsonOf = async (response: Response): Promise<Json> => {
  try {
    const value: unknown = await response.json();
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
};

const tokensOf = (answer: Json): Tokens | DomainError => {
  const access_token = textOf(answer['access_token']);
  if (access_token === undefined) return refusal('the issuer answered no access token');
  const refresh_token = textOf(answer['refresh_token']);
  const scope = textOf(answer['scope']);
  const seconds = Number(answer['expires_in'] ?? Number.NaN);
  return {
    access_token,
    ...(refresh_token !== undefined && { refresh_token }),
    ...(scope !== undefined && { scope }),
    ...(Number.isFinite(seconds) && { expiration: Math.floor(Date.now() / 1000 + seconds) }),
  };
};

/** A client of one OpenID issuer. Refusals are values: an issuer may refuse for many good reasons. */
export class TokenEndpoint {
  private url: string | undefined;

  /** @param options without them everything is refused */
  constructor(private readonly options?: IssuerOptions) {}

  /**
   * Whether a token may be sent to the issuer: it names this one, or it names none and is used where only tokens of this one are. Other tokens are
   * none of its business.
   *
   * @param issuer that the token names
   * @param url where the token is used
   */
  serves(issuer: string | undefined, url: string): boolean {
    if (this.options === undefined) return false;
    const { issuer: own, locations } = this.options;
    if (issuer !== undefined) return withoutSlash(issuer) === withoutSlash(own);
    return [own, ...locations].some((place) => isAt(url, place));
  }

  refresh(refreshToken: string, scope?: string): Promise<Tokens | DomainError> {
    return this.ask({ grant_type: 'refresh_token', refresh_token: refreshToken, scope });
  }

  /** Tokens for another client, for the user of the given token (RFC 8693). */
  exchange(accessToken: string, audience: string, scope?: string): Promise<Tokens | DomainError> {
    return this.ask({
      grant_type: EXCHANGE,
      subject_token: accessToken,
      subject_token_type: ACCESS_TOKEN,
      requested_token_type: REFRESH_TOKEN,
      audience,
      scope,
    });
  }

  /** Tokens of the client itself. */
  own(scope?: string): Promise<Tokens | DomainError> {
    return this.ask({ grant_type: 'client_credentials', scope });
  }

  /** Tokens of a user, by this client's right to act for users. */
  async impersonate(username: string, scope: string): Promise<Tokens | DomainError> {
    const own = await this.own();
    if (own instanceof DomainError) return own;
    return this.ask({
      grant_type: EXCHANGE,
      subject_token: own.access_token,
      subject_token_type: ACCESS_TOKEN,
      requested_token_type: REFRESH_TOKEN,
      requested_subject: username,
      scope,
    });
  }

  private async ask(form: Form): Promise<Tokens | DomainError> {
    if (this.options === undefined) return refusal('no issuer of credentials is configured');
    const { issuer, clientId, clientSecret } = this.options;
    const body = new URLSearchParams();
    for (const [name, value] of Object.entries(form)) if (value !== undefined) body.set(name, value);
    body.set('client_id', clientId);
    if (clientSecret !== undefined) body.set('client_secret', clientSecret);
    try {
      const url = await this.find(issuer);
      if (url === undefined) return refusal('the issuer names no token endpoint');
      const response = await fetch(url, {
        method: 'POST',
        body,
        headers: { accept: 'application/json' },
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const answer = await jsonOf(response);
      return response.ok
        ? tokensOf(answer)
        : refusal(withoutSecrets(reasonOf(answer, response.status), body).slice(0, REASON_CHARACTERS_MAX));
    } catch {
      // What went wrong may quote the request, and the request is secret.
      return refusal('the issuer cannot be reached');
    }
  }

  private async find(issuer: string): Promise<string | undefined> {
    if (this.url !== undefined) return this.url;
    const response = await fetch(`${withoutSlash(issuer)}/.well-known/openid-configuration`, {
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) return undefined;
    const { issuer: named, token_endpoint: url } = await jsonOf(response);
    // The client's secret goes to this address, so the document must be the issuer's own (OpenID Connect Discovery, 4.3).
    if (withoutSlash(textOf(named) ?? '') === withoutSlash(issuer)) this.url = textOf(url);
    return this.url;
  }
}
