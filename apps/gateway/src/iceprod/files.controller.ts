import { Controller } from '@nestjs/common';
import { AddFile, ListFiles, RemoveFiles } from '#contracts/iceprod/files.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { asArray } from '../route/streaming.js';
import { Answers, resultOf } from './answers.js';
import { fileRoutes as routes } from './files.routes.js';

const asFiles = () => asArray('{"files":[', ']}');

@Controller()
export class FilesController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.list)
  list(@ValidatedCall() call: CallOf<typeof routes.list>): Promise<RouteResponse> {
    return this.answers.pages(ListFiles, call, asFiles());
  }

  @Serves(routes.add)
  async add(@ValidatedCall() call: CallOf<typeof routes.add>): Promise<RouteResponse> {
    return resultOf((await this.answers.reply(AddFile, call)).task_id);
  }

  @Serves(routes.listOfTask)
  listOfTask(@ValidatedCall() call: CallOf<typeof routes.listOfTask>): Promise<RouteResponse> {
    return this.answers.pages(ListFiles, call, asFiles());
  }

  @Serves(routes.addToTask)
  addToTask(@ValidatedCall() call: CallOf<typeof routes.addToTask>): Promise<RouteResponse> {
    return this.answers.emptyObject(AddFile, call);
  }

  @Serves(routes.deleteOfTask)
  deleteOfTask(@ValidatedCall() call: CallOf<typeof routes.deleteOfTask>): Promise<RouteResponse> {
    return this.answers.emptyObject(RemoveFiles, call);
  }
}
