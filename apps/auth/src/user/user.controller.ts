import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { Answer, Message } from '#bus/contract.js';
import { ListUsers } from '#contracts/iceprod/users.js';
import { ReadModel } from '#projection/read-model.js';
import { Users } from './user-projection.js';

/** Messages about IceProd users. */
@Controller()
export class UserController {
  private readonly users: Users;

  constructor(readModel: ReadModel) {
    this.users = new Users(readModel.queries);
  }

  @MessagePattern(ListUsers.subject)
  list({ request }: Message<{ username?: string }>): Answer<{ document: string }> {
    return { reply: { document: `{"results":[${this.users.documents(request.username).join(',')}]}` } };
  }
}
