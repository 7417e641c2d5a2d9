import { Controller, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import {
  AddUserToGroup,
  AssignUserGroups,
  AssignUserRoles,
  CreateUser,
  GetUser,
  GetUserGroups,
  ListUsers,
  PrioritizeUser,
  DeleteUser,
} from '#contracts/iceprod/users.js';
import type { CallOf, Served } from '../route/route.js';
import { Serves, TheCall } from '../route/serves.decorator.js';
import { Answers, createdAt } from './answers.js';
import { userRoutes as routes } from './users.routes.js';

@Controller()
export class UsersController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.list)
  list(@TheCall() call: CallOf<typeof routes.list>): Promise<Served> {
    return this.answers.document(ListUsers, call);
  }

  @Serves(routes.enroll)
  async enroll(
    @TheCall() call: CallOf<typeof routes.enroll>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Served> {
    const { user_id } = await this.answers.reply(CreateUser, call);
    return createdAt(reply, `/users/${user_id}`);
  }

  @Serves(routes.enrollByName)
  enrollByName(@TheCall() call: CallOf<typeof routes.enrollByName>): Promise<Served> {
    return this.answers.done(CreateUser, call);
  }

  @Serves(routes.get)
  get(@TheCall() call: CallOf<typeof routes.get>): Promise<Served> {
    return this.answers.document(GetUser, call);
  }

  @Serves(routes.remove)
  remove(@TheCall() call: CallOf<typeof routes.remove>): Promise<Served> {
    return this.answers.done(DeleteUser, call);
  }

  @Serves(routes.prioritize)
  prioritize(@TheCall() call: CallOf<typeof routes.prioritize>): Promise<Served> {
    return this.answers.done(PrioritizeUser, call);
  }

  @Serves(routes.getGroups)
  getGroups(@TheCall() call: CallOf<typeof routes.getGroups>): Promise<Served> {
    return this.answers.json(GetUserGroups, call);
  }

  @Serves(routes.join)
  join(@TheCall() call: CallOf<typeof routes.join>): Promise<Served> {
    return this.answers.done(AddUserToGroup, call);
  }

  @Serves(routes.regroup)
  regroup(@TheCall() call: CallOf<typeof routes.regroup>): Promise<Served> {
    return this.answers.done(AssignUserGroups, call);
  }

  @Serves(routes.assign)
  assign(@TheCall() call: CallOf<typeof routes.assign>): Promise<Served> {
    return this.answers.done(AssignUserRoles, call);
  }
}
