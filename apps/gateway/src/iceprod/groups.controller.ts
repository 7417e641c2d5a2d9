import { Controller, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { DescribeGroup, DeleteGroup, CreateGroup, GetGroup, ListGroups } from '#contracts/iceprod/users.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { Answers, createdAt } from './answers.js';
import { groupRoutes as routes } from './groups.routes.js';

@Controller()
export class GroupsController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.list)
  list(@ValidatedCall() call: CallOf<typeof routes.list>): Promise<RouteResponse> {
    return this.answers.document(ListGroups, call);
  }

  @Serves(routes.create)
  async create(
    @ValidatedCall() call: CallOf<typeof routes.create>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RouteResponse> {
    const { group_id } = await this.answers.reply(CreateGroup, call);
    return createdAt(reply, `/groups/${group_id}`);
  }

  @Serves(routes.get)
  get(@ValidatedCall() call: CallOf<typeof routes.get>): Promise<RouteResponse> {
    return this.answers.document(GetGroup, call);
  }

  @Serves(routes.delete)
  delete(@ValidatedCall() call: CallOf<typeof routes.delete>): Promise<RouteResponse> {
    return this.answers.emptyObject(DeleteGroup, call);
  }

  @Serves(routes.put)
  put(@ValidatedCall() call: CallOf<typeof routes.put>): Promise<RouteResponse> {
    return this.answers.emptyObject(DescribeGroup, call);
  }
}
