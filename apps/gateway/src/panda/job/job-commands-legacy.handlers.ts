import { Injectable } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import { SetDebugMode } from '#contracts/panda/kill.js';
import { principalOf } from '../protocol/caller.js';
import type { CallOf, Handlers, LegacyAnswer } from '../protocol/function.js';
import type { jobCommandLegacy } from './job-commands.legacy.js';

type Functions = typeof jobCommandLegacy;

@Injectable()
export class JobCommandLegacyHandlers implements Handlers<Functions> {
  constructor(private readonly bus: Bus) {}

  async setDebugMode(call: CallOf<Functions['setDebugMode']>): Promise<LegacyAnswer> {
    const { pandaID, modeOn } = call.parameters;
    const request = { job_id: pandaID, mode: modeOn, principal: principalOf(call) };
    const { message } = await this.bus.request(SetDebugMode, request, call.context);
    return { kind: 'text', text: message };
  }
}
