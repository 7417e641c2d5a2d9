import { Module } from '@nestjs/common';
import { accessRulesProjection } from '#event-sourcing/access-rules.js';
import { groupsProjection } from '#event-sourcing/groups.js';
import { ServiceStoreModule } from '#event-sourcing/service-store.module.js';
import type { ServiceStore } from '#event-sourcing/service-store.js';
import { Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { SecretSigner } from '#platform/tokens/secret-signer.js';
import { KeyValueStore } from '#storage/key-value-store.js';
import { Accounts } from './account/accounts.js';
import { Clients } from './account/clients.js';
import { FirstAdmin } from './account/first-admin.js';
import { credentialProjection } from './credential/credential-projection.js';
import { CredentialStore } from './credential/credential-store.js';
import { CredentialUse } from './credential/credential-use.js';
import { CredentialsOfOwner } from './credential/credentials-of-owner.js';
import { SecretKeys } from '#platform/secret-keys.js';
import { TokenEndpoint } from './credential/token-endpoint.js';
import { DIALECTS } from './dialects.js';
import { KeyController } from './key/key.controller.js';
import { TokenCheckController } from './token/token-check.controller.js';
import { UserProvisioning } from './user/user-provisioning.js';
import { CodeGuesses } from './login/code-guesses.js';
import { LdapPasswords } from './login/ldap-passwords.js';
import { PasswordGuesses } from './login/password-guesses.js';
import { SecretGuesses } from './login/secret-guesses.js';
import { AnonymousRecords } from './openid/anonymous-records.js';
import { DeviceChallenges } from './openid/device-challenges.js';
import { OpenIdController } from './openid/openid.controller.js';
import { UserAuthenticator } from './openid/user-authenticator.js';
import { Realms } from './openid/realms.js';
import { OperatorRevocations } from './revocation/operator-revocations.js';
import { RevocationController } from './revocation/revocation.controller.js';
import { revocationProjection } from './revocation/revocation-projection.js';
import { roleProjection } from './role/role-projection.js';
import { userProjection } from './user/user-projection.js';

/** What the service keeps. */
export const authStore: ServiceStore = {
  service: 'auth',
  projections: [
    accessRulesProjection,
    userProjection,
    groupsProjection,
    roleProjection,
    credentialProjection,
    revocationProjection,
    ...DIALECTS.flatMap(({ projections }) => projections),
  ],
};

/** Who may do what: access rules, users, groups, roles, logins, tokens and what signs them. */
@Module({
  imports: [ServiceStoreModule.register(authStore)],
  controllers: [
    KeyController,
    TokenCheckController,
    RevocationController,
    OpenIdController,
    ...DIALECTS.flatMap(({ controllers }) => controllers),
  ],
  providers: [
    ...DIALECTS.flatMap(({ providers }) => providers),
    {
      provide: SecretKeys,
      inject: [Environment],
      useFactory: (environment: Environment) => SecretKeys.of(environment),
    },
    {
      provide: CredentialStore,
      inject: [KeyValueStore, SecretKeys, Log],
      useFactory: (keyValueStore: KeyValueStore, keys: SecretKeys, log: Log) =>
        new CredentialStore(keyValueStore, keys, log),
    },
    {
      provide: TokenEndpoint,
      inject: [Environment],
      useFactory: ({
        CREDENTIALS_ISSUER_URL: issuer,
        CREDENTIALS_CLIENT_ID: clientId,
        CREDENTIALS_CLIENT_SECRET: clientSecret,
        CREDENTIALS_URLS: locations,
      }: Environment) =>
        new TokenEndpoint(
          issuer === undefined || clientId === undefined ? undefined : { issuer, clientId, clientSecret, locations },
        ),
    },
    CredentialUse,
    CredentialsOfOwner,
    UserProvisioning,
    OperatorRevocations,
    PasswordGuesses,
    CodeGuesses,
    SecretGuesses,
    AnonymousRecords,
    UserAuthenticator,
    Realms,
    DeviceChallenges,
    FirstAdmin,
    {
      provide: Accounts,
      inject: [KeyValueStore],
      useFactory: (keyValueStore: KeyValueStore) => new Accounts(keyValueStore),
    },
    {
      provide: Clients,
      inject: [KeyValueStore],
      useFactory: (keyValueStore: KeyValueStore) => new Clients(keyValueStore),
    },
    {
      provide: SecretSigner,
      inject: [Environment],
      useFactory: ({ AUTH_SHARED_SECRET: secret, CAIRN_DATA_DIR: folder, OIDC_AUDIENCE: audience }: Environment) =>
        secret === undefined ? SecretSigner.open(folder, audience) : SecretSigner.of(secret, audience),
    },
    {
      provide: LdapPasswords,
      inject: [Environment, Log],
      useFactory: ({ LDAP_URL: url, LDAP_BASE: base }: Environment, log: Log) => new LdapPasswords({ url, base, log }),
    },
  ],
})
export class AuthModule {}
