import { Controller } from '@nestjs/common';
import { DomainError } from '#platform/domain-error.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { EventSchemas } from './event-schemas.js';
import { eventSchemaRoutes as routes } from './event-schemas.routes.js';

@Controller()
export class EventSchemasController {
  constructor(private readonly schemas: EventSchemas) {}

  @Serves(routes.list)
  async list(): Promise<RouteResponse> {
    return JSON.stringify({ schemas: await this.schemas.list() });
  }

  @Serves(routes.one)
  async one(@ValidatedCall() { input }: CallOf<typeof routes.one>): Promise<RouteResponse> {
    const { dialect, type, version } = input;
    const text = await this.schemas.textOf(dialect, type, version);
    if (text !== undefined) return text;
    throw new DomainError(
      'not-found',
      'events.no-schema',
      `there is no version ${version} of a type ${type} of ${dialect}; /cairn/events/schemas lists what there is`,
    );
  }
}
