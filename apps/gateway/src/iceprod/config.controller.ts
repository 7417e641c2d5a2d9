import { Controller } from '@nestjs/common';
import { GetConfig, PutConfig } from '#contracts/iceprod/datasets.js';
import type { CallOf, Served } from '../route/route.js';
import { Serves, TheCall } from '../route/serves.decorator.js';
import { Answers } from './answers.js';
import { configRoutes as routes } from './config.routes.js';

@Controller()
export class ConfigController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.get)
  get(@TheCall() call: CallOf<typeof routes.get>): Promise<Served> {
    return this.answers.document(GetConfig, call);
  }

  @Serves(routes.put)
  put(@TheCall() call: CallOf<typeof routes.put>): Promise<Served> {
    return this.answers.done(PutConfig, call);
  }

  @Serves(routes.getOfDataset)
  getOfDataset(@TheCall() call: CallOf<typeof routes.getOfDataset>): Promise<Served> {
    return this.answers.document(GetConfig, call);
  }

  @Serves(routes.putOfDataset)
  putOfDataset(@TheCall() call: CallOf<typeof routes.putOfDataset>): Promise<Served> {
    return this.answers.done(PutConfig, call);
  }
}
