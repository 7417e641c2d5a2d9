import { Controller } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import { DomainError } from '#platform/domain-error.js';
import type { MessageContext } from '#bus/contract.js';
import { LocateUnit, type UnitHome } from '#contracts/cairn/history.js';
import { ReadTimeline, type TimelineRequest } from '#contracts/cairn/timelines.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { asArray, streamed } from '../route/streaming.js';
import { checkNames } from './history-fields.js';
import { NAMES, timelineRoutes as routes } from './timelines.routes.js';

@Controller()
export class TimelinesController {
  constructor(private readonly bus: Bus) {}

  @Serves(routes.unit)
  async unit(@ValidatedCall() { input, context }: CallOf<typeof routes.unit>): Promise<RouteResponse> {
    const home = await this.homeOf(input.id, context);
    return this.answer({ ...input, ...(home && { home }) }, context);
  }

  @Serves(routes.group)
  group(@ValidatedCall() { input, context }: CallOf<typeof routes.group>): Promise<RouteResponse> {
    return this.answer(input, context);
  }

  @Serves(routes.workload)
  workload(@ValidatedCall() { input, context }: CallOf<typeof routes.workload>): Promise<RouteResponse> {
    return this.answer(input, context);
  }

  @Serves(routes.worker)
  worker(@ValidatedCall() { input, context }: CallOf<typeof routes.worker>): Promise<RouteResponse> {
    return this.answer(input, context);
  }

  @Serves(routes.site)
  site(@ValidatedCall() { input, context }: CallOf<typeof routes.site>): Promise<RouteResponse> {
    return this.answer(input, context);
  }

  @Serves(routes.person)
  person(@ValidatedCall() { input, context }: CallOf<typeof routes.person>): Promise<RouteResponse> {
    return this.answer(input, context);
  }

  @Serves(routes.object)
  object(@ValidatedCall() { input, context }: CallOf<typeof routes.object>): Promise<RouteResponse> {
    checkNames('object', [input.id]);
    return this.answer(input, context);
  }

  @Serves(routes.access)
  access(@ValidatedCall() { input, context }: CallOf<typeof routes.access>): Promise<RouteResponse> {
    return this.answer(input, context);
  }

  @Serves(routes.request)
  request(@ValidatedCall() { input, context }: CallOf<typeof routes.request>): Promise<RouteResponse> {
    return this.answer(input, context);
  }

  private async answer(request: TimelineRequest, context: MessageContext): Promise<RouteResponse> {
    const open = `{"${NAMES[request.kind]}":${JSON.stringify(request.id)},"events":[`;
    if (request.limit === undefined) {
      return streamed(this.bus, ReadTimeline, { input: request, context }, asArray(open, ']}'));
    }
    const { entries, next } = await this.bus.request(ReadTimeline, request, context);
    return `${open}${entries.join(',')}]${next === undefined ? '' : `,"next":${JSON.stringify(next)}`}}`;
  }

  /** Where a unit is at home, if it is there still and the caller may read it: the history finds units that were removed. */
  private async homeOf(id: string, context: MessageContext): Promise<UnitHome | undefined> {
    try {
      return await this.bus.request(LocateUnit, { unit_id: id }, context);
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'not-found') return undefined;
      throw error;
    }
  }
}
