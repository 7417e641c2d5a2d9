import { Controller } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import { LocateUnit, ReadUnitHistory } from '#contracts/cairn/history.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { asArray, streamed } from '../route/streaming.js';
import { historyRoutes as routes } from './history.routes.js';

@Controller()
export class HistoryController {
  constructor(private readonly bus: Bus) {}

  @Serves(routes.unit)
  async unit(@ValidatedCall() { input, context }: CallOf<typeof routes.unit>): Promise<RouteResponse> {
    const home = await this.bus.request(LocateUnit, input, context);
    const open = `{"unit_id":${JSON.stringify(input.unit_id)},"events":[`;
    return streamed(this.bus, ReadUnitHistory, { input: home, context }, asArray(open, ']}'));
  }
}
