import { Controller } from '@nestjs/common';
import { GetAccessRule, AuthorizeNamed, AuthorizeOwnAccess, SetAccessRule } from '#contracts/iceprod/users.js';
import type { CallOf, Served } from '../route/route.js';
import { Serves, TheCall } from '../route/serves.decorator.js';
import { Answers } from './answers.js';
import { authRoutes as routes } from './auths.routes.js';

@Controller()
export class AuthsController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.set)
  set(@TheCall() call: CallOf<typeof routes.set>): Promise<Served> {
    return this.answers.done(SetAccessRule, call);
  }

  @Serves(routes.get)
  get(@TheCall() call: CallOf<typeof routes.get>): Promise<Served> {
    return this.answers.json(GetAccessRule, call);
  }

  @Serves(routes.judge)
  judge(@TheCall() call: CallOf<typeof routes.judge>): Promise<Served> {
    return this.answers.done(AuthorizeNamed, call);
  }

  @Serves(routes.judgeOwnReading)
  judgeOwnReading(@TheCall() call: CallOf<typeof routes.judgeOwnReading>): Promise<Served> {
    return this.answers.done(AuthorizeOwnAccess, call);
  }

  @Serves(routes.judgeOwnWriting)
  judgeOwnWriting(@TheCall() call: CallOf<typeof routes.judgeOwnWriting>): Promise<Served> {
    return this.answers.done(AuthorizeOwnAccess, call);
  }

  /** Never runs: the route's field refuses first. */
  @Serves(routes.judgeUnknownAction)
  judgeUnknownAction(): Served {
    return '{}';
  }
}
