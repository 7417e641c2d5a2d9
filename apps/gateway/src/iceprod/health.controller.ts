import { Controller } from '@nestjs/common';
import { formatTimestamp, nowMicros } from '#platform/clock.js';
import { Health } from '#platform/health.js';
import { CountRequests } from '#contracts/iceprod/actions.js';
import { GetCredentialHealth } from '#contracts/iceprod/credentials.js';
import { HttpError } from '../edge/request-error.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { Answers } from './answers.js';
import { healthRoutes as routes } from './health.routes.js';

@Controller()
export class HealthController {
  constructor(
    private readonly health: Health,
    private readonly answers: Answers,
  ) {}

  @Serves(routes.get)
  async get(@ValidatedCall() call: CallOf<typeof routes.get>): Promise<RouteResponse> {
    const { ready, checks } = await this.health.report();
    if (!ready) {
      const failed = Object.keys(checks).filter((name) => checks[name] !== 'ok');
      throw new HttpError(500, `not available: ${failed.join(', ')}`);
    }
    const [{ queued }, credentials] = await Promise.all([
      this.answers.reply(CountRequests, call),
      this.answers.reply(GetCredentialHealth, call),
    ]);
    return JSON.stringify({ now: formatTimestamp(nowMicros()), num_requests: queued, ...credentials });
  }
}
