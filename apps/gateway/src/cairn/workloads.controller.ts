import { Controller, Req } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { Bus } from '#bus/bus.js';
import {
  CountWorkloadUnits,
  GetWorkload,
  ListWorkloadFailures,
  ListWorkloads,
  ListWorkloadUnits,
  LocateWorkload,
  type WorkloadHome,
} from '#contracts/workloads.js';
import { DialectTable } from '../edge/dialect-table.js';
import { questionOf } from '../route/authorization.js';
import type { Call, CallOf, RouteResponse } from '../route/route.js';
import type { WorkloadOperationName, WorkloadOperations } from '../route/workload-operations.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { pageText } from './page-text.js';
import { workersDocument } from './workload-workers.js';
import { workloadRoutes as routes } from './workloads.routes.js';

interface Operation {
  readonly workload: string;
  readonly operation: WorkloadOperationName;
}

@Controller()
export class WorkloadsController {
  constructor(
    private readonly bus: Bus,
    private readonly dialects: DialectTable,
    private readonly parts: ModuleRef,
  ) {}

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

  @Serves(routes.workers)
  workers(@ValidatedCall() { input, context }: CallOf<typeof routes.workers>): Promise<RouteResponse> {
    return workersDocument(this.bus, input.workload, context);
  }

  @Serves(routes.failures)
  async failures(@ValidatedCall() { input, context }: CallOf<typeof routes.failures>): Promise<RouteResponse> {
    return (await this.bus.request(ListWorkloadFailures, input, context)).document;
  }

  @Serves(routes.hold)
  hold(@ValidatedCall() call: CallOf<typeof routes.hold>, @Req() request: FastifyRequest): Promise<RouteResponse> {
    return this.operate(call, request);
  }

  @Serves(routes.release)
  release(
    @ValidatedCall() call: CallOf<typeof routes.release>,
    @Req() request: FastifyRequest,
  ): Promise<RouteResponse> {
    return this.operate(call, request);
  }

  @Serves(routes.retry)
  retry(@ValidatedCall() call: CallOf<typeof routes.retry>, @Req() request: FastifyRequest): Promise<RouteResponse> {
    return this.operate(call, request);
  }

  @Serves(routes.cancel)
  cancel(@ValidatedCall() call: CallOf<typeof routes.cancel>, @Req() request: FastifyRequest): Promise<RouteResponse> {
    return this.operate(call, request);
  }

  private async operate(
    { input, context }: Call<Operation>,
    { headers: { authorization = '' } }: FastifyRequest,
  ): Promise<RouteResponse> {
    const workload = await this.bus.request(LocateWorkload, { workload: input.workload }, questionOf(context));
    const { operation } = input;
    const message = await this.operationsOf(workload)[operation]({ workload, context, authorization });
    return JSON.stringify({ ref: workload.ref, operation, message });
  }

  private operationsOf({ dialect }: WorkloadHome): WorkloadOperations {
    const { workloadOperations } = this.dialects.of({ dialect });
    if (workloadOperations === undefined) throw new Error(`${dialect} does not say how its workloads are changed`);
    return this.parts.get(workloadOperations, { strict: false });
  }
}
