import { Injectable } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import { MakeRequest } from '#contracts/iceprod/actions.js';
import { AuthorizeAccess, ChangeDataset } from '#contracts/iceprod/datasets.js';
import { questionOf } from '../route/authorization.js';
import { stepOf } from '../route/message-context.js';
import { cannot, type OperationRequest, type WorkloadOperations } from '../route/workload-operations.js';

/**
 * Datasets are held and released by their status; tasks that are suspended or have failed are reset. IceProd has no status for a canceled
 * dataset: it is one that is truncated and suspended with its jobs and tasks.
 */
@Injectable()
export class IceprodOperations implements WorkloadOperations {
  constructor(private readonly bus: Bus) {}

  async hold(request: OperationRequest): Promise<string> {
    await this.setStatus(request, 'suspended');
    return 'The dataset is suspended: none of its tasks is handed out.';
  }

  async release(request: OperationRequest): Promise<string> {
    await this.setStatus(request, 'processing');
    return this.reset(request, 'suspended');
  }

  async retry(request: OperationRequest): Promise<string> {
    await this.authorize(request);
    if (request.workload.failed_units === 0) throw cannot('No task of the dataset has failed');
    return this.reset(request, 'failed');
  }

  /**
   * May be repeated: a dataset looks canceled when it was only truncated and held, or when an earlier attempt broke off before its last step,
   * while its tasks run.
   */
  async cancel(request: OperationRequest): Promise<string> {
    const { workload, context } = request;
    await this.bus.request(ChangeDataset, { dataset_id: workload.id, change: 'truncate' }, stepOf(context, 'truncate'));
    await this.setStatus(request, 'suspended');
    const requestId = await this.act(request, 'dataset_status', { action: 'suspend' });
    return `The dataset is truncated and suspended; its jobs and tasks are being suspended (GET /actions/dataset_status/${requestId}).`;
  }

  private async setStatus({ workload: { id }, context }: OperationRequest, status: string): Promise<void> {
    await this.bus.request(ChangeDataset, { dataset_id: id, change: 'status', status }, stepOf(context, 'dataset'));
  }

  /** Resets all tasks of a status with their jobs, and lifts the dataset, in the background (IceProd contract 16). */
  private async reset(request: OperationRequest, status: string): Promise<string> {
    const requestId = await this.act(request, 'task_status', { action: 'reset', initial_status: status });
    return `The dataset is processing; its ${status} tasks are being reset (GET /actions/task_status/${requestId}).`;
  }

  /** @returns the id of the request, which is carried out in the background */
  private async act(
    { workload: { id }, context }: OperationRequest,
    action: 'dataset_status' | 'task_status',
    what: { readonly action: 'reset' | 'suspend'; readonly initial_status?: string },
  ): Promise<string> {
    const request = { action, arguments: JSON.stringify({ dataset_id: id, ...what }) };
    return (await this.bus.request(MakeRequest, request, stepOf(context, action))).request_id;
  }

  /** Who may not change the dataset learns that before anything else of it. */
  private async authorize({ workload: { id }, context }: OperationRequest): Promise<void> {
    await this.bus.request(AuthorizeAccess, { dataset_id: id, action: 'write' }, questionOf(context));
  }
}
