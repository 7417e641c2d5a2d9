import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Answer, Message, Nothing } from '#bus/contract.js';
import { AuthorizeLease, leaseNotHeld } from '#contracts/leases.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { DIALECTS } from '../dialects.js';
import { UnitReader } from '../engine/unit-row.js';
import { Leases } from './leases.js';

/** Tells others whether a worker may read a workload. */
@Controller()
export class LeaseController {
  private readonly committed: Leases;

  constructor({ queries }: ReadModel) {
    this.committed = new Leases(queries, new UnitReader(queries));
  }

  @MessagePattern(AuthorizeLease.subject)
  authorize(@Payload() { context, request }: Message<{ workload_id: string }>): Answer<Nothing> {
    const dialect = DIALECTS.find(({ name }) => name === context.dialect)?.name;
    const holds = dialect !== undefined && this.committed.holdsUnitOf(dialect, context.caller, request.workload_id);
    return holds ? { reply: {} } : { error: leaseNotHeld().toValue() };
  }
}
