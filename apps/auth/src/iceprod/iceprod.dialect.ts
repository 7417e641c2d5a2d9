import type { ServiceDialect } from '#event-sourcing/service-dialect.js';
import { AccessController } from './access/access.controller.js';
import { CredentialController } from './credential/credential.controller.js';
import { GroupController } from './group/group.controller.js';
import { LoginController } from './login/login.controller.js';
import { RoleController } from './role/role.controller.js';
import { TokenController } from './token/token.controller.js';
import { UserController } from './user/user.controller.js';

/** IceProd's words for users, groups, roles, access rules, logins, tokens and credentials. The state is everybody's. */
export const iceprod: ServiceDialect = {
  name: 'iceprod',
  projections: [],
  controllers: [
    AccessController,
    UserController,
    GroupController,
    RoleController,
    LoginController,
    TokenController,
    CredentialController,
  ],
  providers: [],
};
