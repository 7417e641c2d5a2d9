import { Controller } from '@nestjs/common';
import { DefineRole, GetRole, ListRoles, DeleteRole } from '#contracts/iceprod/users.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { Answers } from './answers.js';
import { roleRoutes as routes } from './roles.routes.js';

@Controller()
export class RolesController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.list)
  list(@ValidatedCall() call: CallOf<typeof routes.list>): Promise<RouteResponse> {
    return this.answers.json(ListRoles, call);
  }

  @Serves(routes.put)
  put(@ValidatedCall() call: CallOf<typeof routes.put>): Promise<RouteResponse> {
    return this.answers.emptyObject(DefineRole, call);
  }

  @Serves(routes.get)
  get(@ValidatedCall() call: CallOf<typeof routes.get>): Promise<RouteResponse> {
    return this.answers.document(GetRole, call);
  }

  @Serves(routes.delete)
  delete(@ValidatedCall() call: CallOf<typeof routes.delete>): Promise<RouteResponse> {
    return this.answers.emptyObject(DeleteRole, call);
  }
}
