import { Injectable } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import { GetPandaUsers } from '#contracts/panda/configuration.js';
import { GetResourceTypes, GetSiteSpecs } from '#contracts/panda/queue-documents.js';
import {
  type CallOf,
  type Envelope,
  type Handlers,
  type LegacyAnswer,
  type PandaCall,
  RawJson,
  success,
} from '../protocol/function.js';
import { fields } from '../protocol/legacy-answers.js';
import type { metaconfigFunctions, metaconfigLegacy } from './metaconfig.functions.js';

/** The functions of `metaconfig` (PanDA contract 6.6). */
@Injectable()
export class MetaconfigHandlers implements Handlers<typeof metaconfigFunctions> {
  constructor(private readonly bus: Bus) {}

  async get_banned_users({ context }: PandaCall): Promise<Envelope> {
    const { users } = await this.bus.request(GetPandaUsers, {}, context);
    const banned = users.filter(({ status }) => status === 'disabled');
    return success(Object.fromEntries(banned.map(({ name }) => [name, false])));
  }

  async get_site_specs(call: CallOf<(typeof metaconfigFunctions)['get_site_specs']>): Promise<Envelope> {
    const { document } = await this.bus.request(GetSiteSpecs, call.parameters, call.context);
    return success(new RawJson(document));
  }

  async get_resource_types({ context }: PandaCall): Promise<Envelope> {
    const { document } = await this.bus.request(GetResourceTypes, {}, context);
    return success(new RawJson(document));
  }
}

/** The same as the legacy API has it (PanDA contract 12). */
@Injectable()
export class MetaconfigLegacyHandlers implements Handlers<typeof metaconfigLegacy> {
  constructor(private readonly bus: Bus) {}

  async getResourceTypes({ context }: PandaCall): Promise<LegacyAnswer> {
    const { document } = await this.bus.request(GetResourceTypes, {}, context);
    return fields({ StatusCode: 0, Returns: 0, ResourceTypes: new RawJson(document) });
  }
}
