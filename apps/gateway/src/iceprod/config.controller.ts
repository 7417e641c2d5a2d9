import { Controller } from '@nestjs/common';
import { GetConfig, PutConfig } from '#contracts/iceprod/datasets.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { Answers } from './answers.js';
import { configRoutes as routes } from './config.routes.js';

@Controller()
export class ConfigController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.get)
  get(@ValidatedCall() call: CallOf<typeof routes.get>): Promise<RouteResponse> {
    return this.answers.document(GetConfig, call);
  }

  @Serves(routes.put)
  put(@ValidatedCall() call: CallOf<typeof routes.put>): Promise<RouteResponse> {
    return this.answers.emptyObject(PutConfig, call);
  }

  @Serves(routes.getOfDataset)
  getOfDataset(@ValidatedCall() call: CallOf<typeof routes.getOfDataset>): Promise<RouteResponse> {
    return this.answers.document(GetConfig, call);
  }

  @Serves(routes.putOfDataset)
  putOfDataset(@ValidatedCall() call: CallOf<typeof routes.putOfDataset>): Promise<RouteResponse> {
    return this.answers.emptyObject(PutConfig, call);
  }
}
