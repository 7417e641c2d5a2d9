import { Controller } from '@nestjs/common';
import { EndPilot, GetPilot, ListPilots, ReportPilot, StartPilot } from '#contracts/iceprod/pilots.js';
import type { CallOf, Served } from '../route/route.js';
import { Serves, TheCall } from '../route/serves.decorator.js';
import { Answers, resultOf } from './answers.js';
import { pilotRoutes as routes } from './pilots.routes.js';

@Controller()
export class PilotsController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.list)
  list(@TheCall() call: CallOf<typeof routes.list>): Promise<Served> {
    return this.answers.documentsById(ListPilots, call);
  }

  @Serves(routes.start)
  async start(@TheCall() call: CallOf<typeof routes.start>): Promise<Served> {
    return resultOf((await this.answers.reply(StartPilot, call)).pilot_id);
  }

  @Serves(routes.get)
  get(@TheCall() call: CallOf<typeof routes.get>): Promise<Served> {
    return this.answers.document(GetPilot, call);
  }

  @Serves(routes.report)
  report(@TheCall() call: CallOf<typeof routes.report>): Promise<Served> {
    return this.answers.document(ReportPilot, call);
  }

  @Serves(routes.setTasks)
  setTasks(@TheCall() call: CallOf<typeof routes.setTasks>): Promise<Served> {
    return this.answers.done(ReportPilot, call);
  }

  @Serves(routes.end)
  end(@TheCall() call: CallOf<typeof routes.end>): Promise<Served> {
    return this.answers.done(EndPilot, call);
  }
}
