import { Module } from '@nestjs/common';
import { accessRulesProjection } from '#projection/access-rules.js';
import { groupsProjection } from '#projection/groups.js';
import { ServiceStoreModule } from '#projection/service-store.module.js';
import { Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { SecretSigner } from '#platform/tokens/secret-signer.js';
import { Keep } from '#keep/keep.js';
import { AccessController } from './access/access.controller.js';
import { Accounts } from './account/accounts.js';
import { Clients } from './account/clients.js';
import { FirstAdmin } from './account/first-admin.js';
import { GroupController } from './group/group.controller.js';
import { KeyController } from './key/key.controller.js';
import { LdapPasswords } from './login/ldap-passwords.js';
import { LoginController } from './login/login.controller.js';
import { OpenIdController } from './openid/openid.controller.js';
import { People } from './openid/people.js';
import { RoleController } from './role/role.controller.js';
import { roleProjection } from './role/role-projection.js';
import { TokenController } from './token/token.controller.js';
import { UserController } from './user/user.controller.js';
import { userProjection } from './user/user-projection.js';

/** Who may do what: access rules, users, groups, roles, logins, tokens and what signs them. */
@Module({
  imports: [
    ServiceStoreModule.register({
      service: 'auth',
      projections: [accessRulesProjection, userProjection, groupsProjection, roleProjection],
    }),
  ],
  controllers: [
    AccessController,
    UserController,
    GroupController,
    RoleController,
    KeyController,
    LoginController,
    TokenController,
    OpenIdController,
  ],
  providers: [
    People,
    FirstAdmin,
    { provide: Accounts, inject: [Keep], useFactory: (keep: Keep) => new Accounts(keep) },
    { provide: Clients, inject: [Keep], useFactory: (keep: Keep) => new Clients(keep) },
    {
      provide: SecretSigner,
      inject: [Environment],
      useFactory: ({ AUTH_SHARED_SECRET: secret, CAIRN_DATA_DIR: folder }: Environment) =>
        secret === undefined ? SecretSigner.open(folder) : SecretSigner.of(secret),
    },
    {
      provide: LdapPasswords,
      inject: [Environment, Log],
      useFactory: ({ LDAP_URL: url, LDAP_BASE: base }: Environment, log: Log) => new LdapPasswords({ url, base, log }),
    },
  ],
})
export class AuthModule {}
