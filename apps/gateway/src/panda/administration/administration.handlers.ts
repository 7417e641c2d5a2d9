import { Injectable } from '@nestjs/common';
import { DomainError } from '#platform/domain-error.js';
import { Bus } from '#bus/bus.js';
import { pages } from '#bus/pages.js';
import {
  CONFIGURATION_SECTIONS,
  type ConfigurationSection,
  GetConfiguration,
  ListConfiguration,
  RemoveConfiguration,
  SetConfiguration,
} from '#contracts/panda/administration.js';
import { IssueHarvesterCommand } from '#contracts/panda/harvester.js';
import { hasFlag } from '../principal/user-flags.js';
import { principalOf } from '../protocol/caller.js';
import { type CallOf, type Envelope, type Handlers, type PandaCall, RawJson, success } from '../protocol/function.js';
import type { administrationFunctions } from './administration.functions.js';

type Functions = typeof administrationFunctions;

/** Super users (contract 2.6). */
const SUPER = 's';

const sectionIn = (text: string): ConfigurationSection => {
  const section = CONFIGURATION_SECTIONS.find((known) => known === text);
  if (section !== undefined) return section;
  const message = `unknown section ${text}; known are ${CONFIGURATION_SECTIONS.join(', ')}`;
  throw new DomainError('invalid', 'panda.configuration.section', message);
};

/** Lets operators read and change the configuration, and command harvester. */
@Injectable()
export class AdministrationHandlers implements Handlers<Functions> {
  constructor(private readonly bus: Bus) {}

  async list(call: CallOf<Functions['list']>): Promise<Envelope> {
    await this.requireSuperUser(call);
    const { parameters, context } = call;
    const section = sectionIn(parameters.section);
    if (parameters.name !== null) {
      const entry = await this.bus.request(GetConfiguration, { section, name: parameters.name }, context);
      return success(new RawJson(entry.document));
    }
    const entries: RawJson[] = [];
    for await (const page of pages(this.bus, ListConfiguration, { section }, context)) {
      entries.push(...page.map((text) => new RawJson(text)));
    }
    return success(entries);
  }

  async set(call: CallOf<Functions['set']>): Promise<Envelope> {
    await this.requireSuperUser(call);
    const { section, name, entry } = call.parameters;
    const request = { section: sectionIn(section), name, document: JSON.stringify(entry) };
    const { document } = await this.bus.request(SetConfiguration, request, call.context);
    return success(new RawJson(document));
  }

  async remove(call: CallOf<Functions['remove']>): Promise<Envelope> {
    await this.requireSuperUser(call);
    const { section, name } = call.parameters;
    await this.bus.request(RemoveConfiguration, { section: sectionIn(section), name }, call.context);
    return success();
  }

  async command(call: CallOf<Functions['command']>): Promise<Envelope> {
    await this.requireSuperUser(call);
    const { params, ...order } = call.parameters;
    const request = { ...order, params: JSON.stringify(params ?? {}) };
    return success(await this.bus.request(IssueHarvesterCommand, request, call.context));
  }

  /** Who may change VOs decides who is believed to have the production role, so that this role is not enough. */
  private async requireSuperUser(call: PandaCall): Promise<void> {
    if (await hasFlag(this.bus, call, SUPER)) return;
    const message = `${principalOf(call).name} lacks the flag ${SUPER} in the configuration of users`;
    throw new DomainError('forbidden', 'panda.administration.forbidden', message);
  }
}
