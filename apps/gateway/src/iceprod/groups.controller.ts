import { Controller, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { DescribeGroup, DeleteGroup, CreateGroup, GetGroup, ListGroups } from '#contracts/iceprod/users.js';
import type { CallOf, Served } from '../route/route.js';
import { Serves, TheCall } from '../route/serves.decorator.js';
import { Answers, createdAt } from './answers.js';
import { groupRoutes as routes } from './groups.routes.js';

@Controller()
export class GroupsController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.list)
  list(@TheCall() call: CallOf<typeof routes.list>): Promise<Served> {
    return this.answers.document(ListGroups, call);
  }

  @Serves(routes.found)
  async found(
    @TheCall() call: CallOf<typeof routes.found>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Served> {
    const { group_id } = await this.answers.reply(CreateGroup, call);
    return createdAt(reply, `/groups/${group_id}`);
  }

  @Serves(routes.get)
  get(@TheCall() call: CallOf<typeof routes.get>): Promise<Served> {
    return this.answers.document(GetGroup, call);
  }

  @Serves(routes.dissolve)
  dissolve(@TheCall() call: CallOf<typeof routes.dissolve>): Promise<Served> {
    return this.answers.done(DeleteGroup, call);
  }

  @Serves(routes.describe)
  describe(@TheCall() call: CallOf<typeof routes.describe>): Promise<Served> {
    return this.answers.done(DescribeGroup, call);
  }
}
