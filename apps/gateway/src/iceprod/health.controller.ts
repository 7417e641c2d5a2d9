import { Controller } from '@nestjs/common';
import { formatTimestamp, nowMicros } from '#platform/clock.js';
import { Health } from '#platform/health.js';
import { HttpRefusal } from '../edge/refusal.js';
import type { Served } from '../route/route.js';
import { Serves } from '../route/serves.decorator.js';
import { healthRoutes as routes } from './health.routes.js';

@Controller()
export class HealthController {
  constructor(private readonly health: Health) {}

  @Serves(routes.get)
  async get(): Promise<Served> {
    const { ready, checks } = await this.health.report();
    if (!ready) {
      const failed = Object.keys(checks).filter((name) => checks[name] !== 'ok');
      throw new HttpRefusal(500, `not available: ${failed.join(', ')}`);
    }
    return JSON.stringify({ now: formatTimestamp(nowMicros()), num_requests: 0 });
  }
}
