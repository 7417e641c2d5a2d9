import { Injectable } from '@nestjs/common';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { UnitProjection } from '../engine/unit-projection.js';
import { WorkloadMessageHandler } from '../workload/workload-message-handler.js';
import { SiteProjection } from './site/site-projection.js';
import { PandaReader, SqlitePandaView } from './sqlite-view.js';
import type { PandaView } from './view.js';

/** Handles messages about PanDA's tasks and jobs. */
@Injectable()
export class PandaMessageHandler extends WorkloadMessageHandler<PandaView, PandaReader> {
  constructor(mailbox: Mailbox, readModel: ReadModel, units: UnitProjection, sites: SiteProjection) {
    super(mailbox, readModel, (reader) => new PandaReader(reader, sites), new SqlitePandaView(units.store, sites));
  }
}
