import { Controller } from '@nestjs/common';
import { EndPilot, GetPilot, ListPilots, ReportPilot, StartPilot } from '#contracts/iceprod/pilots.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { Answers, resultOf } from './answers.js';
import { pilotRoutes as routes } from './pilots.routes.js';

@Controller()
export class PilotsController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.list)
  list(@ValidatedCall() call: CallOf<typeof routes.list>): Promise<RouteResponse> {
    return this.answers.documentsById(ListPilots, call);
  }

  @Serves(routes.create)
  async create(@ValidatedCall() call: CallOf<typeof routes.create>): Promise<RouteResponse> {
    return resultOf((await this.answers.reply(StartPilot, call)).pilot_id);
  }

  @Serves(routes.get)
  get(@ValidatedCall() call: CallOf<typeof routes.get>): Promise<RouteResponse> {
    return this.answers.document(GetPilot, call);
  }

  @Serves(routes.update)
  update(@ValidatedCall() call: CallOf<typeof routes.update>): Promise<RouteResponse> {
    return this.answers.document(ReportPilot, call);
  }

  @Serves(routes.setTasks)
  setTasks(@ValidatedCall() call: CallOf<typeof routes.setTasks>): Promise<RouteResponse> {
    return this.answers.emptyObject(ReportPilot, call);
  }

  @Serves(routes.delete)
  delete(@ValidatedCall() call: CallOf<typeof routes.delete>): Promise<RouteResponse> {
    return this.answers.emptyObject(EndPilot, call);
  }
}
