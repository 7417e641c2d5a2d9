import { Controller } from '@nestjs/common';
import { GetGrid, ListGrids, RegisterGrid, ReportGrid } from '#contracts/iceprod/pilots.js';
import type { CallOf, Served } from '../route/route.js';
import { Serves, TheCall } from '../route/serves.decorator.js';
import { Answers, resultOf } from './answers.js';
import { gridRoutes as routes } from './grids.routes.js';

@Controller()
export class GridsController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.list)
  list(@TheCall() call: CallOf<typeof routes.list>): Promise<Served> {
    return this.answers.documentsById(ListGrids, call);
  }

  @Serves(routes.register)
  async register(@TheCall() call: CallOf<typeof routes.register>): Promise<Served> {
    return resultOf((await this.answers.reply(RegisterGrid, call)).grid_id);
  }

  @Serves(routes.get)
  get(@TheCall() call: CallOf<typeof routes.get>): Promise<Served> {
    return this.answers.document(GetGrid, call);
  }

  @Serves(routes.report)
  report(@TheCall() call: CallOf<typeof routes.report>): Promise<Served> {
    return this.answers.document(ReportGrid, call);
  }
}
