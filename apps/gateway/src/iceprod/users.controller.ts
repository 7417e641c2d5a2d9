import { Controller } from '@nestjs/common';
import { ListUsers } from '#contracts/iceprod/users.js';
import type { CallOf, Served } from '../route/route.js';
import { Serves, TheCall } from '../route/serves.decorator.js';
import { Answers } from './answers.js';
import { userRoutes as routes } from './users.routes.js';

@Controller()
export class UsersController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.list)
  list(@TheCall() call: CallOf<typeof routes.list>): Promise<Served> {
    return this.answers.document(ListUsers, call);
  }
}
