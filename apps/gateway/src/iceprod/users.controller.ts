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
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { Answers, createdAt } from './answers.js';
import { userRoutes as routes } from './users.routes.js';

@Controller()
export class UsersController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.list)
  list(@ValidatedCall() call: CallOf<typeof routes.list>): Promise<RouteResponse> {
    return this.answers.document(ListUsers, call);
  }

  @Serves(routes.create)
  async create(
    @ValidatedCall() call: CallOf<typeof routes.create>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RouteResponse> {
    const { user_id } = await this.answers.reply(CreateUser, call);
    return createdAt(reply, `/users/${user_id}`);
  }

  @Serves(routes.createByName)
  createByName(@ValidatedCall() call: CallOf<typeof routes.createByName>): Promise<RouteResponse> {
    return this.answers.emptyObject(CreateUser, call);
  }

  @Serves(routes.get)
  get(@ValidatedCall() call: CallOf<typeof routes.get>): Promise<RouteResponse> {
    return this.answers.document(GetUser, call);
  }

  @Serves(routes.delete)
  delete(@ValidatedCall() call: CallOf<typeof routes.delete>): Promise<RouteResponse> {
    return this.answers.emptyObject(DeleteUser, call);
  }

  @Serves(routes.setPriority)
  setPriority(@ValidatedCall() call: CallOf<typeof routes.setPriority>): Promise<RouteResponse> {
    return this.answers.emptyObject(PrioritizeUser, call);
  }

  @Serves(routes.getGroups)
  getGroups(@ValidatedCall() call: CallOf<typeof routes.getGroups>): Promise<RouteResponse> {
    return this.answers.json(GetUserGroups, call);
  }

  @Serves(routes.addToGroup)
  addToGroup(@ValidatedCall() call: CallOf<typeof routes.addToGroup>): Promise<RouteResponse> {
    return this.answers.emptyObject(AddUserToGroup, call);
  }

  @Serves(routes.setGroups)
  setGroups(@ValidatedCall() call: CallOf<typeof routes.setGroups>): Promise<RouteResponse> {
    return this.answers.emptyObject(AssignUserGroups, call);
  }

  @Serves(routes.setRoles)
  setRoles(@ValidatedCall() call: CallOf<typeof routes.setRoles>): Promise<RouteResponse> {
    return this.answers.emptyObject(AssignUserRoles, call);
  }
}
