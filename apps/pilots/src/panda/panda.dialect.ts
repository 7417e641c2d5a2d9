import type { ServiceDialect } from '#event-sourcing/service-dialect.js';
import { configurationProjection } from './configuration/configuration-projection.js';
import { ConfigurationController } from './configuration/configuration.controller.js';
import { DocumentReader } from './document/document-reader.js';
import { PANDA } from './streams.js';

/** PanDA's queues, users and VOs; harvester instances with their workers; worker nodes. */
export const panda: ServiceDialect = {
  name: PANDA,
  projections: [configurationProjection],
  controllers: [ConfigurationController],
  providers: [DocumentReader],
};
