import { Injectable } from '@nestjs/common';
import type { CallOf, Envelope, Handlers, LegacyAnswer } from '../protocol/function.js';
import { tuple } from '../protocol/legacy-answers.js';
import { IddsHandlers } from './idds.handlers.js';
import type { iddsLegacy } from './idds.legacy.js';

const tupleOf = ({ success, message, data }: Envelope): LegacyAnswer => tuple(success, success ? data : message);

/** The functions of `idds` as the legacy API has them (contract 12). */
@Injectable()
export class IddsLegacyHandlers implements Handlers<typeof iddsLegacy> {
  constructor(private readonly functions: IddsHandlers) {}

  relay_idds_command(): LegacyAnswer {
    return tupleOf(this.functions.relay_idds_command());
  }

  execute_idds_workflow_command(call: CallOf<(typeof iddsLegacy)['execute_idds_workflow_command']>): LegacyAnswer {
    return tupleOf(this.functions.execute_idds_workflow_command(call));
  }
}
