import { command } from '#bus/contract.js';

/** An HTTP request as the OpenID provider gets it, wherever it arrived. */
export interface WebRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly url: string;
  /** Those that the provider may see, in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Network address of the client. */
  readonly address: string;
}

export interface WebAnswer {
  readonly status: number;
  /** A name may come more than once. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** Everything under `/auth/realms/` (IceProd contract 3). */
export const AskOpenId = command<WebRequest, WebAnswer>('auth', 'openid.ask', [], { isSealed: true });
