import { Controller } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import { CountWorkloadUnits, GetWorkload, ListWorkloads, ListWorkloadUnits } from '#contracts/cairn/workloads.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { workloadRoutes as routes } from './workloads.routes.js';

/** @param more members behind, as raw JSON */
const pageText = (
  name: string,
  { entries, next }: { readonly entries: readonly string[]; readonly next?: string },
  more = '',
): string => `{"${name}":[${entries.join(',')}]${next === undefined ? '' : `,"next":${JSON.stringify(next)}`}${more}}`;

@Controller()
export class WorkloadsController {
  constructor(private readonly bus: Bus) {}

  @Serves(routes.list)
  async list(@ValidatedCall() { input, context }: CallOf<typeof routes.list>): Promise<RouteResponse> {
    const { sort, ...filter } = input;
    const page = await this.bus.request(ListWorkloads, { ...filter, ...sort }, context);
    return pageText('workloads', page, `,"counts":${page.counts}`);
  }

  @Serves(routes.get)
  async get(@ValidatedCall() { input, context }: CallOf<typeof routes.get>): Promise<RouteResponse> {
    return (await this.bus.request(GetWorkload, input, context)).document;
  }

  @Serves(routes.counts)
  async counts(@ValidatedCall() { input, context }: CallOf<typeof routes.counts>): Promise<RouteResponse> {
    return (await this.bus.request(CountWorkloadUnits, input, context)).document;
  }

  @Serves(routes.units)
  async units(@ValidatedCall() { input, context }: CallOf<typeof routes.units>): Promise<RouteResponse> {
    return pageText('units', await this.bus.request(ListWorkloadUnits, input, context));
  }
}
