import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { automates, Environment } from '#platform/environment.js';
import type { Answer, Message } from '#bus/contract.js';
import { EstimateRemaining, ExplainUnit } from '#contracts/cairn/explain.js';
import { refusals } from '../iceprod/task/refusals.js';
import { TaskStatisticsQuery } from '../iceprod/task/statistics.js';
import { TaskCounts } from '../iceprod/task/task-counts.js';
import { TaskDesk } from '../iceprod/task/task-desk.js';
import { RecentOffers } from './recent-offers.js';
import { remainingDocument } from './remaining.js';
import { UnitExplainer } from './unit-explainer.js';

/** Answers about what has not run yet. */
@Controller()
export class ExplainController {
  private readonly explainer: UnitExplainer;
  private readonly counts: TaskCounts;
  private readonly statistics: TaskStatisticsQuery;

  constructor(
    private readonly desk: TaskDesk,
    private readonly offers: RecentOffers,
    environment: Environment,
  ) {
    this.explainer = new UnitExplainer(desk.shown, automates(environment, 'queue'));
    this.counts = new TaskCounts(desk.shown);
    this.statistics = new TaskStatisticsQuery(desk.shown, this.counts);
  }

  @MessagePattern(ExplainUnit.subject)
  explain(@Payload() message: Message<{ unit_id: string }>): Promise<Answer<{ document: string }>> {
    const stored = this.desk.shown.byId('iceprod', message.request.unit_id);
    return this.desk.read(message, stored?.unit.workload, () =>
      stored === undefined
        ? refusals.taskNotFound()
        : { document: this.explainer.explain(stored, this.offers.latest()) },
    );
  }

  @MessagePattern(EstimateRemaining.subject)
  remaining(@Payload() message: Message<{ dataset_id: string }>): Promise<Answer<{ document: string }>> {
    const { dataset_id: datasetId } = message.request;
    return this.desk.read(message, datasetId, async () => {
      const means = await this.statistics.meanHours(datasetId);
      const work = [...this.counts.byNameOf(datasetId)].map(([name, counts]) => ({
        name,
        counts,
        meanHours: means.get(name),
      }));
      return { document: remainingDocument(work) };
    });
  }
}
