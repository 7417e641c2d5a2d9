import { type ExternalSource, externalIdentityReader, type IdentityReader } from './claims.js';
import { IssuerKeys, type KeyLife, withoutSlash } from './issuer-keys.js';
import type { Scheme, Warn } from './scheme.js';

/** An external OpenID issuer whose persons are users of this Cairn. */
export class ExternalIssuer extends IssuerKeys implements Scheme {
  readonly identityOf: IdentityReader;

  constructor(source: ExternalSource, life: KeyLife, nowMs: () => number, warn: Warn) {
    const discoveryUrl = `${withoutSlash(source.issuer)}/.well-known/openid-configuration`;
    super(discoveryUrl, life, nowMs, warn, source.issuer);
    this.identityOf = externalIdentityReader(source);
  }
}
