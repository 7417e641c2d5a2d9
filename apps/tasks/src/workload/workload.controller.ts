import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message, Page } from '#bus/contract.js';
import {
  CountWorkloadUnits,
  GetWorkload,
  ListWorkloadFailures,
  ListWorkloads,
  ListUnitStatuses,
  ListWorkloadUnits,
  LocateWorkload,
  type ListUnitsRequest,
  type ListWorkloadsRequest,
  type WorkloadHome,
  type WorkloadPage,
  type UnitPlace,
  type UnitStatuses,
  type WorkloadRequest,
} from '#contracts/workloads.js';
import { isWorkerOnly, leaseNotHeld } from '#contracts/leases.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import type { Snapshot } from '#event-sourcing/snapshots.js';
import { Policies } from '../engine/policies.js';
import { UnitReader } from '../engine/unit-row.js';
import { type CatalogedWorkload, CatalogReader } from './catalog/catalog-reader.js';
import { UnitCounters } from './catalog/unit-counts.js';
import { countsObject, workloadDocument } from './catalog/workload-document.js';
import { type ListSources, workloadPage } from './catalog/workload-list.js';
import { failuresDocument } from './failure/failures.js';
import { WorkloadKinds } from './workload-kind.js';
import { WorkloadUnits } from './workload-units.js';

interface Sources extends ListSources {
  readonly reader: UnitReader;
}

/** Answers questions about workloads of any dialect. */
@Controller()
export class WorkloadController {
  private readonly sourcesOn: (database: Snapshot['database']) => Sources;
  private readonly committed: Sources;
  private readonly units: WorkloadUnits;

  constructor(
    private readonly readModel: ReadModel,
    private readonly policies: Policies,
    kinds: WorkloadKinds,
  ) {
    const dialects = policies.dialects;
    const sourcesOf = (reader: UnitReader): Sources => ({
      reader,
      catalog: new CatalogReader(reader, dialects),
      counters: new UnitCounters(reader.database, reader.words, policies),
    });
    const committed = new UnitReader(readModel.queries);
    this.committed = sourcesOf(committed);
    this.sourcesOn = perConnection((database) => sourcesOf(new UnitReader(database)));
    this.units = new WorkloadUnits(committed, policies, kinds);
  }

  @MessagePattern(ListWorkloads.subject)
  list(@Payload() { request, context }: Message<ListWorkloadsRequest>): Promise<Answer<WorkloadPage>> {
    const { caller } = context;
    if (isWorkerOnly(caller)) return Promise.resolve({ error: leaseNotHeld().toValue() });
    return this.inSnapshot((snapshot) => workloadPage(snapshot, this.sourcesOn(snapshot.database), request, caller));
  }

  @MessagePattern(GetWorkload.subject)
  get(@Payload() message: Message<WorkloadRequest>): Answer<{ document: string }> {
    return this.about(message, (found) => ({
      document: workloadDocument(found, this.committed.counters.of(found.workload)),
    }));
  }

  @MessagePattern(LocateWorkload.subject)
  locate(@Payload() message: Message<WorkloadRequest>): Answer<WorkloadHome> {
    return this.about(message, ({ ref, dialect, id, status, phase, workload }) => {
      const failed_units = this.committed.counters.of(workload).byPhase.get('failed') ?? 0;
      return { ref, dialect, id, status, phase, failed_units };
    });
  }

  @MessagePattern(CountWorkloadUnits.subject)
  count(@Payload() message: Message<WorkloadRequest>): Answer<{ document: string }> {
    const { counters } = this.committed;
    return this.about(message, ({ ref, workload }) => {
      const byName = [...counters.namesOf(workload)].map(([name, counts]) => [name, Object.fromEntries(counts)]);
      const counts = { ref, ...countsObject(counters.of(workload)), by_name: Object.fromEntries(byName) as object };
      return { document: JSON.stringify(counts) };
    });
  }

  @MessagePattern(ListWorkloadFailures.subject)
  listFailures(
    @Payload() message: Message<WorkloadRequest & { readonly limit: number }>,
  ): Answer<{ document: string }> {
    const { reader, counters } = this.committed;
    return this.about(message, (found) => {
      const sources = { reader, counters, policies: this.policies };
      return { document: failuresDocument(reader.database, sources, found, message.request.limit) };
    });
  }

  @MessagePattern(ListWorkloadUnits.subject)
  async listUnits(@Payload() message: Message<ListUnitsRequest>): Promise<Answer<Page>> {
    const found = this.find(message);
    if (found instanceof DomainError) return { error: found.toValue() };
    return this.inSnapshot((snapshot) => this.units.page(snapshot, found, message.request));
  }

  @MessagePattern(ListUnitStatuses.subject)
  async listStatuses(
    @Payload() message: Message<WorkloadRequest & { readonly behind?: UnitPlace }>,
  ): Promise<Answer<UnitStatuses>> {
    const found = this.find(message);
    if (found instanceof DomainError) return { error: found.toValue() };
    return this.inSnapshot((snapshot) => this.units.statuses(snapshot, found, message.request.behind));
  }

  private find({ request, context }: Message<WorkloadRequest>): CatalogedWorkload | DomainError {
    const { caller } = context;
    return isWorkerOnly(caller) ? leaseNotHeld() : this.committed.catalog.find(request.workload, caller);
  }

  private about<Reply>(message: Message<WorkloadRequest>, answer: (found: CatalogedWorkload) => Reply): Answer<Reply> {
    const found = this.find(message);
    return found instanceof DomainError ? { error: found.toValue() } : { reply: answer(found) };
  }

  private async inSnapshot<Reply>(
    answer: (snapshot: Snapshot) => Promise<Reply | DomainError>,
  ): Promise<Answer<Reply>> {
    const { snapshots } = this.readModel;
    const snapshot = await snapshots.take();
    try {
      const reply = await answer(snapshot);
      return reply instanceof DomainError ? { error: reply.toValue() } : { reply };
    } finally {
      snapshots.release(snapshot);
    }
  }
}
