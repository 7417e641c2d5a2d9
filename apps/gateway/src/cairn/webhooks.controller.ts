import { Controller } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import {
  DeleteWebhook,
  GetWebhook,
  ListDeadLetters,
  ListWebhooks,
  PauseWebhook,
  PingWebhook,
  RegisterWebhook,
  ReplayDeadLetters,
  ResumeWebhook,
} from '#contracts/cairn/webhooks.js';
import { membersOf, objectText } from '#contracts/raw-json.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { pageText } from './page-text.js';
import { webhookRoutes as routes } from './webhooks.routes.js';

@Controller()
export class WebhooksController {
  constructor(private readonly bus: Bus) {}

  @Serves(routes.register)
  async register(@ValidatedCall() { input, context }: CallOf<typeof routes.register>): Promise<RouteResponse> {
    const { document, secret } = await this.bus.request(RegisterWebhook, input, context);
    return objectText(membersOf(document).set('secret', JSON.stringify(secret)));
  }

  @Serves(routes.list)
  async list(@ValidatedCall() { input, context }: CallOf<typeof routes.list>): Promise<RouteResponse> {
    return pageText('webhooks', await this.bus.request(ListWebhooks, input, context));
  }

  @Serves(routes.get)
  async get(@ValidatedCall() { input, context }: CallOf<typeof routes.get>): Promise<RouteResponse> {
    return (await this.bus.request(GetWebhook, input, context)).document;
  }

  @Serves(routes.delete)
  async delete(@ValidatedCall() { input, context }: CallOf<typeof routes.delete>): Promise<RouteResponse> {
    return JSON.stringify(await this.bus.request(DeleteWebhook, input, context));
  }

  @Serves(routes.pause)
  async pause(@ValidatedCall() { input, context }: CallOf<typeof routes.pause>): Promise<RouteResponse> {
    return (await this.bus.request(PauseWebhook, input, context)).document;
  }

  @Serves(routes.resume)
  async resume(@ValidatedCall() { input, context }: CallOf<typeof routes.resume>): Promise<RouteResponse> {
    return (await this.bus.request(ResumeWebhook, input, context)).document;
  }

  @Serves(routes.ping)
  async ping(@ValidatedCall() { input, context }: CallOf<typeof routes.ping>): Promise<RouteResponse> {
    return JSON.stringify(await this.bus.request(PingWebhook, input, context));
  }

  @Serves(routes.deadLetters)
  async deadLetters(@ValidatedCall() { input, context }: CallOf<typeof routes.deadLetters>): Promise<RouteResponse> {
    return pageText('dead_letters', await this.bus.request(ListDeadLetters, input, context));
  }

  @Serves(routes.replay)
  async replay(@ValidatedCall() { input, context }: CallOf<typeof routes.replay>): Promise<RouteResponse> {
    return JSON.stringify(await this.bus.request(ReplayDeadLetters, input, context));
  }
}
