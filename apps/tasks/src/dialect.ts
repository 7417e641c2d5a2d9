import type { Provider, Type } from '@nestjs/common';
import type { Dialect } from '#ledger/ref.js';
import type { ServiceStore } from '#event-sourcing/service-store.module.js';
import type { Policy } from './engine/policy.js';

/** What a dialect declares to the tasks service: all that the service must know of it. */
export interface TasksDialect {
  readonly name: Dialect;
  /** What the engine must know of its units. */
  readonly policy: Policy;
  /** Tables that only this dialect has. */
  readonly projections: ServiceStore['projections'];
  readonly controllers: readonly Type[];
  readonly providers: readonly Provider[];
}
