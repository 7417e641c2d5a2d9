import { Controller } from '@nestjs/common';
import { GetAccessRule, AuthorizeNamed, AuthorizeOwnAccess, SetAccessRule } from '#contracts/iceprod/users.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { Answers } from './answers.js';
import { authRoutes as routes } from './auths.routes.js';

@Controller()
export class AuthsController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.set)
  set(@ValidatedCall() call: CallOf<typeof routes.set>): Promise<RouteResponse> {
    return this.answers.emptyObject(SetAccessRule, call);
  }

  @Serves(routes.get)
  get(@ValidatedCall() call: CallOf<typeof routes.get>): Promise<RouteResponse> {
    return this.answers.json(GetAccessRule, call);
  }

  @Serves(routes.check)
  check(@ValidatedCall() call: CallOf<typeof routes.check>): Promise<RouteResponse> {
    return this.answers.emptyObject(AuthorizeNamed, call);
  }

  @Serves(routes.checkOwnReadAccess)
  checkOwnReadAccess(@ValidatedCall() call: CallOf<typeof routes.checkOwnReadAccess>): Promise<RouteResponse> {
    return this.answers.emptyObject(AuthorizeOwnAccess, call);
  }

  @Serves(routes.checkOwnWriteAccess)
  checkOwnWriteAccess(@ValidatedCall() call: CallOf<typeof routes.checkOwnWriteAccess>): Promise<RouteResponse> {
    return this.answers.emptyObject(AuthorizeOwnAccess, call);
  }

  /** Never runs: the route's field refuses first. */
  @Serves(routes.rejectUnknownAction)
  rejectUnknownAction(): RouteResponse {
    return '{}';
  }
}
