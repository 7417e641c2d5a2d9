import type { ServiceDialect } from '#event-sourcing/service-dialect.js';
import { configurationProjection } from './configuration/configuration-projection.js';
import { ConfigurationController } from './configuration/configuration.controller.js';
import { DocumentReader } from './document/document-reader.js';
import { harvesterProjection } from './harvester/harvester-projection.js';
import { HarvesterController } from './harvester/harvester.controller.js';
import { LeftWorkers } from './harvester/left-workers.js';
import { WorkerController } from './harvester/worker.controller.js';
import { nodeProjection } from './node/node-projection.js';
import { NodeController } from './node/node.controller.js';
import { SlotsController } from './queue/slots.controller.js';
import { PANDA } from './streams.js';

/** PanDA's queues, users and VOs; harvester instances with their workers; worker nodes. */
export const panda: ServiceDialect = {
  name: PANDA,
  projections: [configurationProjection, harvesterProjection, nodeProjection],
  controllers: [ConfigurationController, HarvesterController, WorkerController, SlotsController, NodeController],
  providers: [DocumentReader, LeftWorkers],
};
