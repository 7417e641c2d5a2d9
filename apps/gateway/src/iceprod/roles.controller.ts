import { Controller } from '@nestjs/common';
import { DefineRole, GetRole, ListRoles, DeleteRole } from '#contracts/iceprod/users.js';
import type { CallOf, Served } from '../route/route.js';
import { Serves, TheCall } from '../route/serves.decorator.js';
import { Answers } from './answers.js';
import { roleRoutes as routes } from './roles.routes.js';

@Controller()
export class RolesController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.list)
  list(@TheCall() call: CallOf<typeof routes.list>): Promise<Served> {
    return this.answers.json(ListRoles, call);
  }

  @Serves(routes.define)
  define(@TheCall() call: CallOf<typeof routes.define>): Promise<Served> {
    return this.answers.done(DefineRole, call);
  }

  @Serves(routes.get)
  get(@TheCall() call: CallOf<typeof routes.get>): Promise<Served> {
    return this.answers.document(GetRole, call);
  }

  @Serves(routes.retire)
  retire(@TheCall() call: CallOf<typeof routes.retire>): Promise<Served> {
    return this.answers.done(DeleteRole, call);
  }
}
