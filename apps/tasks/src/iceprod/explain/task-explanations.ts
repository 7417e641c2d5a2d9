import { Injectable } from '@nestjs/common';
import { automates, Environment } from '#platform/environment.js';
import type { Answer, Message } from '#bus/contract.js';
import type { StoredUnit } from '../../engine/unit-row.js';
import { type UnitExplainer, UnitExplainers } from '../../explain/unit-explainers.js';
import { ICEPROD } from '../streams.js';
import { TaskStatisticsQuery } from '../task/statistics.js';
import { TaskCounts } from '../task/task-counts.js';
import { MessageHandler } from '../message-handler.js';
import { RecentOffers } from './recent-offers.js';
import { remainingDocument } from './remaining.js';
import { TaskExplainer } from './task-explainer.js';

/** Answers questions about IceProd's tasks and datasets for the shared explain controller. */
@Injectable()
export class TaskExplanations implements UnitExplainer {
  private readonly explainer: TaskExplainer;
  private readonly counts: TaskCounts;
  private readonly statistics: TaskStatisticsQuery;

  constructor(
    private readonly handler: MessageHandler,
    private readonly offers: RecentOffers,
    explainers: UnitExplainers,
    environment: Environment,
  ) {
    this.explainer = new TaskExplainer(handler.committed, automates(environment, 'queue'));
    this.counts = new TaskCounts(handler.committed);
    this.statistics = new TaskStatisticsQuery(handler.committed, this.counts);
    explainers.register(ICEPROD, this);
  }

  explain(message: Message<unknown>, stored: StoredUnit): Promise<Answer<{ document: string }>> {
    const mayRead = (datasetId: string): boolean =>
      this.handler.authorize('read', message.context, datasetId, undefined) === undefined;
    return this.handler.read(message, stored.unit.workload, () => ({
      document: this.explainer.explain(stored, this.offers.latest(), mayRead),
    }));
  }

  read<Reply>(message: Message<unknown>, stored: StoredUnit, reply: Reply): Promise<Answer<Reply>> {
    return this.handler.read(message, stored.unit.workload, () => reply);
  }

  remaining(message: Message<unknown>, datasetId: string): Promise<Answer<{ document: string }>> {
    return this.handler.read(message, datasetId, async () => {
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
