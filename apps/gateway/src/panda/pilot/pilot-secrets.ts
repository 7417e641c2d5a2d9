import { Injectable } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import type { MessageContext } from '#bus/contract.js';
import { GetSecretsOfOwner } from '#contracts/panda/secrets.js';
import { Environment } from '#platform/environment.js';

/** What pilots need to debug a job: the secrets of the user that the operator names (PanDA contract 4.2.3, 4.2.4). */
@Injectable()
export class PilotSecrets {
  constructor(
    private readonly bus: Bus,
    private readonly environment: Environment,
  ) {}

  /** The member `pilotSecrets`, a text that holds a JSON object; no member when there are none. */
  async member(context: MessageContext): Promise<{ readonly pilotSecrets?: string }> {
    const { PANDA_PILOT_SECRETS: owner } = this.environment;
    if (owner === undefined) return {};
    const { document } = await this.bus.request(GetSecretsOfOwner, { owner }, context);
    return document === undefined ? {} : { pilotSecrets: document };
  }
}
