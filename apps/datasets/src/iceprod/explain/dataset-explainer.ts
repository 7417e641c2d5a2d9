import { Injectable } from '@nestjs/common';
import { formatTimestamp } from '#platform/clock.js';
import { automates, Environment } from '#platform/environment.js';
import type { Answer, Message } from '#bus/contract.js';
import { AccessRules } from '#event-sourcing/access-rules.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { type WorkloadExplainer, WorkloadExplainers } from '../../explain/workload-explainers.js';
import { authorizeRequestRead } from '../action/request-access.js';
import { Requests } from '../action/request-projection.js';
import { Configs } from '../config/config-projection.js';
import { Datasets } from '../dataset/datasets.js';
import { reasonOfDataset } from './dataset-reason.js';
import { reasonOfRequest } from './request-reason.js';

/** Says why datasets and requests do not go on. */
@Injectable()
export class DatasetExplainer implements WorkloadExplainer {
  private readonly rules: AccessRules;
  private readonly datasets: Datasets;
  private readonly configs: Configs;
  private readonly requests: Requests;
  private readonly worksOnRequests: boolean;

  constructor({ queries }: ReadModel, environment: Environment, explainers: WorkloadExplainers) {
    this.rules = new AccessRules(queries, 'iceprod');
    this.datasets = new Datasets(queries, this.rules);
    this.configs = new Configs(queries);
    this.requests = new Requests(queries);
    this.worksOnRequests = automates(environment, 'actions');
    explainers.register('iceprod', this);
  }

  explainWorkload({ context, request }: Message<{ workload_id: string }>): Answer<{ document: string }> | undefined {
    const { workload_id: id } = request;
    const dataset = this.datasets.dataset(id);
    const change = this.datasets.statusChange(id);
    if (dataset === undefined || change === undefined) return undefined;
    const denied = this.rules.authorize(id, 'read', context.caller);
    if (denied !== undefined) return { error: denied.toValue() };
    const hasConfig = this.configs.find(id) !== undefined;
    const document = JSON.stringify({
      workload_id: id,
      reason: reasonOfDataset(dataset, change, hasConfig),
      status: dataset.status,
      truncated: dataset.truncated,
      status_changed: formatTimestamp(change.timeMicros),
      status_changed_by: change.actor,
      config: hasConfig,
    });
    return { reply: { document } };
  }

  explainRequest({ context, request }: Message<{ request_id: string }>): Answer<{ document: string }> | undefined {
    const found = this.requests.find(request.request_id);
    if (found === undefined) return undefined;
    const denied = authorizeRequestRead(this.rules, found, context.caller);
    if (denied !== undefined) return { error: denied.toValue() };
    const document = JSON.stringify({
      request_id: found.id,
      reason: reasonOfRequest(found, this.worksOnRequests),
      status: found.status,
      action: found.action,
      dataset_id: found.datasetId ?? null,
      attempts: found.attempts,
      queued: formatTimestamp(found.madeMicros),
      status_changed: formatTimestamp(found.changedMicros),
    });
    return { reply: { document } };
  }
}
