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
import type { CallOf, Served } from '../route/route.js';
import { Serves, TheCall } from '../route/serves.decorator.js';
import { asArray } from '../route/streaming.js';
import { Answers, resultOf } from './answers.js';
import { taskRoutes as routes } from './tasks.routes.js';

@Controller()
export class TasksController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.query)
  query(@TheCall() call: CallOf<typeof routes.query>): Promise<Served> {
    return this.answers.pages(QueryTasks, call, asArray('{"tasks":[', ']}'));
  }

  @Serves(routes.add)
  async add(@TheCall() call: CallOf<typeof routes.add>): Promise<Served> {
    return resultOf((await this.answers.reply(AddTask, call)).task_id);
  }

  @Serves(routes.get)
  get(@TheCall() call: CallOf<typeof routes.get>): Promise<Served> {
    return this.answers.document(GetTask, call);
  }

  @Serves(routes.amend)
  amend(@TheCall() call: CallOf<typeof routes.amend>): Promise<Served> {
    return this.answers.document(AmendTask, call);
  }

  @Serves(routes.setStatus)
  setStatus(@TheCall() call: CallOf<typeof routes.setStatus>): Promise<Served> {
    return this.answers.done(SetTaskStatus, call);
  }

  @Serves(routes.countAll)
  countAll(@TheCall() call: CallOf<typeof routes.countAll>): Promise<Served> {
    return this.answers.document(CountTasks, call);
  }

  @Serves(routes.list)
  list(@TheCall() call: CallOf<typeof routes.list>, @Res({ passthrough: true }) reply: FastifyReply): Promise<Served> {
    return this.answers.listed(ListTasks, call, reply);
  }

  @Serves(routes.getOfDataset)
  getOfDataset(@TheCall() call: CallOf<typeof routes.getOfDataset>): Promise<Served> {
    return this.answers.document(GetTask, call);
  }

  @Serves(routes.setStatusOfDataset)
  setStatusOfDataset(@TheCall() call: CallOf<typeof routes.setStatusOfDataset>): Promise<Served> {
    return this.answers.done(SetTaskStatus, call);
  }

  @Serves(routes.summarize)
  summarize(@TheCall() call: CallOf<typeof routes.summarize>): Promise<Served> {
    return this.answers.idsByStatus(SummarizeTasks, call);
  }

  @Serves(routes.count)
  count(@TheCall() call: CallOf<typeof routes.count>): Promise<Served> {
    return this.answers.document(CountTasks, call);
  }

  @Serves(routes.countByName)
  countByName(@TheCall() call: CallOf<typeof routes.countByName>): Promise<Served> {
    return this.answers.document(CountTasksByName, call);
  }

  @Serves(routes.statistics)
  statistics(@TheCall() call: CallOf<typeof routes.statistics>): Promise<Served> {
    return this.answers.document(TaskStatistics, call);
  }
}
