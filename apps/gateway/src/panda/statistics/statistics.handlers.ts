import { Injectable } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import { GetJobStatistics, type StatisticsRequest } from '#contracts/panda/statistics.js';
import {
  type CallOf,
  type Envelope,
  failure,
  type Handlers,
  type PandaCall,
  RawJson,
  success,
} from '../protocol/function.js';
import type { statisticsFunctions } from './statistics.functions.js';

type Functions = typeof statisticsFunctions;

/** Seven days. */
const WINDOW_MINUTES_MAX = 10_080;
const WINDOW_MINUTES_DEFAULT = 720;

/** Numbers of jobs (PanDA contract 8). */
@Injectable()
export class StatisticsHandlers implements Handlers<Functions> {
  constructor(private readonly bus: Bus) {}

  async job_stats_by_cloud(call: CallOf<Functions['job_stats_by_cloud']>): Promise<Envelope> {
    const { type } = call.parameters;
    if (type !== 'production' && type !== 'analysis') {
      return failure('Parameter "type" needs to be either "production" or "analysis" ', {});
    }
    return this.counts(call, { by: 'cloud', jobs: type });
  }

  production_job_stats_by_cloud_and_processing_type(call: PandaCall): Promise<Envelope> {
    return this.counts(call, { by: 'cloud-and-processing-type' });
  }

  active_job_stats_by_site(call: PandaCall): Promise<Envelope> {
    return this.counts(call, { by: 'site' });
  }

  active_job_detailed_stats_by_site(call: PandaCall): Promise<Envelope> {
    return this.counts(call, { by: 'site-in-detail' });
  }

  async job_stats_by_site_and_resource_type(
    call: CallOf<Functions['job_stats_by_site_and_resource_type']>,
  ): Promise<Envelope> {
    return this.within(call, call.parameters.time_window, 'site-and-resource-type');
  }

  async job_stats_by_site_share_and_resource_type(
    call: CallOf<Functions['job_stats_by_site_share_and_resource_type']>,
  ): Promise<Envelope> {
    return this.within(call, call.parameters.time_window, 'site-share-and-resource-type');
  }

  private async within(
    call: Pick<PandaCall, 'context'>,
    window: number | null,
    by: 'site-and-resource-type' | 'site-share-and-resource-type',
  ): Promise<Envelope> {
    const minutes = window ?? WINDOW_MINUTES_DEFAULT;
    if (minutes < 0 || minutes > WINDOW_MINUTES_MAX) {
      return failure('Parameter "time_window" needs to be a positive integer smaller than 10080 min (7 days)', {});
    }
    return this.counts(call, { by, minutes });
  }

  private async counts({ context }: Pick<PandaCall, 'context'>, request: StatisticsRequest): Promise<Envelope> {
    const { counts } = await this.bus.request(GetJobStatistics, request, context);
    return success(new RawJson(counts));
  }
}
