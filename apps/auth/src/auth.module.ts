import { Module } from '@nestjs/common';
import { accessRulesProjection } from '#projection/access-rules.js';
import { ServiceStoreModule } from '#projection/service-store.module.js';
import { AccessController } from './access/access.controller.js';
import { KeyController } from './key/key.controller.js';
import { UserController } from './user/user.controller.js';
import { userProjection } from './user/user-projection.js';

/** Who may do what: access rules, users, signing keys. */
@Module({
  imports: [ServiceStoreModule.register({ service: 'auth', projections: [accessRulesProjection, userProjection] })],
  controllers: [AccessController, UserController, KeyController],
})
export class AuthModule {}
