import { Controller } from '@nestjs/common';
import { AddFile, ListFiles, RemoveFiles } from '#contracts/iceprod/files.js';
import type { CallOf, Served } from '../route/route.js';
import { Serves, TheCall } from '../route/serves.decorator.js';
import { asArray } from '../route/streaming.js';
import { Answers, resultOf } from './answers.js';
import { fileRoutes as routes } from './files.routes.js';

const asFiles = () => asArray('{"files":[', ']}');

@Controller()
export class FilesController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.list)
  list(@TheCall() call: CallOf<typeof routes.list>): Promise<Served> {
    return this.answers.pages(ListFiles, call, asFiles());
  }

  @Serves(routes.add)
  async add(@TheCall() call: CallOf<typeof routes.add>): Promise<Served> {
    return resultOf((await this.answers.reply(AddFile, call)).task_id);
  }

  @Serves(routes.listOfTask)
  listOfTask(@TheCall() call: CallOf<typeof routes.listOfTask>): Promise<Served> {
    return this.answers.pages(ListFiles, call, asFiles());
  }

  @Serves(routes.addToTask)
  addToTask(@TheCall() call: CallOf<typeof routes.addToTask>): Promise<Served> {
    return this.answers.done(AddFile, call);
  }

  @Serves(routes.remove)
  remove(@TheCall() call: CallOf<typeof routes.remove>): Promise<Served> {
    return this.answers.done(RemoveFiles, call);
  }
}
