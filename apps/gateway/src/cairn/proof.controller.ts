import { Controller } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import {
  ListCheckpointKeys,
  ListCheckpoints,
  ReadCheckpoint,
  SignCheckpoint,
  VerifyHistory,
} from '#contracts/cairn/proof.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { pageText } from './page-text.js';
import { proofRoutes as routes } from './proof.routes.js';

@Controller()
export class ProofController {
  constructor(private readonly bus: Bus) {}

  @Serves(routes.sign)
  async sign(@ValidatedCall() { input, context }: CallOf<typeof routes.sign>): Promise<RouteResponse> {
    return (await this.bus.request(SignCheckpoint, input, context)).document;
  }

  @Serves(routes.list)
  async list(@ValidatedCall() { input, context }: CallOf<typeof routes.list>): Promise<RouteResponse> {
    return pageText('checkpoints', await this.bus.request(ListCheckpoints, input, context));
  }

  @Serves(routes.get)
  async get(@ValidatedCall() { input, context }: CallOf<typeof routes.get>): Promise<RouteResponse> {
    const { checkpoint: number } = input;
    const request = number === undefined ? {} : { number };
    return (await this.bus.request(ReadCheckpoint, request, context)).document;
  }

  @Serves(routes.keys)
  async keys(@ValidatedCall() { input, context }: CallOf<typeof routes.keys>): Promise<RouteResponse> {
    return JSON.stringify(await this.bus.request(ListCheckpointKeys, input, context));
  }

  @Serves(routes.verify)
  async verify(@ValidatedCall() { input, context }: CallOf<typeof routes.verify>): Promise<RouteResponse> {
    return (await this.bus.request(VerifyHistory, input, context)).document;
  }
}
