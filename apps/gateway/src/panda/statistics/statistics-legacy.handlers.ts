import { Injectable } from '@nestjs/common';
import { Environment } from '#platform/environment.js';
import { Bus } from '#bus/bus.js';
import { GetJobStatistics } from '#contracts/panda/statistics.js';
import { type Handlers, type LegacyAnswer, type PandaCall, RawJson } from '../protocol/function.js';
import { json } from '../protocol/legacy-answers.js';
import { type Picklable, pickled } from './pickle.js';
import type { statisticsLegacy } from './statistics.legacy.js';

/** Numbers of jobs as harvester of 2019 asks for them (PanDA contract 12). */
@Injectable()
export class StatisticsLegacyHandlers implements Handlers<typeof statisticsLegacy> {
  constructor(
    private readonly bus: Bus,
    private readonly environment: Environment,
  ) {}

  async getJobStatisticsPerSite({ context }: PandaCall): Promise<LegacyAnswer> {
    const { counts } = await this.bus.request(GetJobStatistics, { by: 'site' }, context);
    if (this.environment.PANDA_SITE_STATISTICS === 'json') return json(new RawJson(counts));
    return { kind: 'text', text: pickled(JSON.parse(counts) as Picklable) };
  }
}
