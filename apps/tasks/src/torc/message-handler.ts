import { Injectable } from '@nestjs/common';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { UnitProjection } from '../engine/unit-projection.js';
import { WorkloadMessageHandler } from '../workload/workload-message-handler.js';
import { SqliteTorcView, TorcReader } from './sqlite-view.js';
import type { TorcView } from './view.js';

/** Handles messages about workflows and what belongs to them (contract 1.2, D23). */
@Injectable()
export class TorcMessageHandler extends WorkloadMessageHandler<TorcView, TorcReader> {
  constructor(mailbox: Mailbox, readModel: ReadModel, units: UnitProjection) {
    super(mailbox, readModel, (reader) => new TorcReader(reader), new SqliteTorcView(units.store));
  }
}
