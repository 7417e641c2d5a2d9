import { Controller } from '@nestjs/common';
import { GetGrid, ListGrids, RegisterGrid, ReportGrid } from '#contracts/iceprod/pilots.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { Answers, resultOf } from './answers.js';
import { gridRoutes as routes } from './grids.routes.js';

@Controller()
export class GridsController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.list)
  list(@ValidatedCall() call: CallOf<typeof routes.list>): Promise<RouteResponse> {
    return this.answers.documentsById(ListGrids, call);
  }

  @Serves(routes.register)
  async register(@ValidatedCall() call: CallOf<typeof routes.register>): Promise<RouteResponse> {
    return resultOf((await this.answers.reply(RegisterGrid, call)).grid_id);
  }

  @Serves(routes.get)
  get(@ValidatedCall() call: CallOf<typeof routes.get>): Promise<RouteResponse> {
    return this.answers.document(GetGrid, call);
  }

  @Serves(routes.update)
  update(@ValidatedCall() call: CallOf<typeof routes.update>): Promise<RouteResponse> {
    return this.answers.document(ReportGrid, call);
  }
}
