import { Controller, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import {
  AddTask,
  AmendTask,
  CountTasks,
  CountTasksByName,
  GetTask,
  ListTasks,
  QueryTasks,
  SetTaskStatus,
  SummarizeTasks,
  TaskStatistics,
} from '#contracts/iceprod/tasks.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { asArray } from '../route/streaming.js';
import { Answers, resultOf } from './answers.js';
import { taskRoutes as routes } from './tasks.routes.js';

@Controller()
export class TasksController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.query)
  query(@ValidatedCall() call: CallOf<typeof routes.query>): Promise<RouteResponse> {
    return this.answers.pages(QueryTasks, call, asArray('{"tasks":[', ']}'));
  }

  @Serves(routes.add)
  async add(@ValidatedCall() call: CallOf<typeof routes.add>): Promise<RouteResponse> {
    return resultOf((await this.answers.reply(AddTask, call)).task_id);
  }

  @Serves(routes.get)
  get(@ValidatedCall() call: CallOf<typeof routes.get>): Promise<RouteResponse> {
    return this.answers.document(GetTask, call);
  }

  @Serves(routes.update)
  update(@ValidatedCall() call: CallOf<typeof routes.update>): Promise<RouteResponse> {
    return this.answers.document(AmendTask, call);
  }

  @Serves(routes.setStatus)
  setStatus(@ValidatedCall() call: CallOf<typeof routes.setStatus>): Promise<RouteResponse> {
    return this.answers.emptyObject(SetTaskStatus, call);
  }

  @Serves(routes.countAll)
  countAll(@ValidatedCall() call: CallOf<typeof routes.countAll>): Promise<RouteResponse> {
    return this.answers.document(CountTasks, call);
  }

  @Serves(routes.list)
  list(
    @ValidatedCall() call: CallOf<typeof routes.list>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RouteResponse> {
    return this.answers.list(ListTasks, call, reply);
  }

  @Serves(routes.getOfDataset)
  getOfDataset(@ValidatedCall() call: CallOf<typeof routes.getOfDataset>): Promise<RouteResponse> {
    return this.answers.document(GetTask, call);
  }

  @Serves(routes.setStatusOfDataset)
  setStatusOfDataset(@ValidatedCall() call: CallOf<typeof routes.setStatusOfDataset>): Promise<RouteResponse> {
    return this.answers.emptyObject(SetTaskStatus, call);
  }

  @Serves(routes.summarize)
  summarize(@ValidatedCall() call: CallOf<typeof routes.summarize>): Promise<RouteResponse> {
    return this.answers.idsByStatus(SummarizeTasks, call);
  }

  @Serves(routes.count)
  count(@ValidatedCall() call: CallOf<typeof routes.count>): Promise<RouteResponse> {
    return this.answers.document(CountTasks, call);
  }

  @Serves(routes.countByName)
  countByName(@ValidatedCall() call: CallOf<typeof routes.countByName>): Promise<RouteResponse> {
    return this.answers.document(CountTasksByName, call);
  }

  @Serves(routes.statistics)
  statistics(@ValidatedCall() call: CallOf<typeof routes.statistics>): Promise<RouteResponse> {
    return this.answers.document(TaskStatistics, call);
  }
}
