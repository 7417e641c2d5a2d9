import { Injectable } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import { MakeRequest } from '#contracts/iceprod/actions.js';
import { AuthorizeAccess, ChangeDataset } from '#contracts/iceprod/datasets.js';
import { questionOf } from '../route/authorization.js';
import { stepOf } from '../route/message-context.js';
import { cannot, type OperationRequest, type WorkloadOperations } from '../route/workload-operations.js';

/** Datasets are held and released by their status; tasks that are suspended or have failed are reset. */
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

  async cancel(request: OperationRequest): Promise<string> {
    await this.authorize(request);
    throw cannot(
      'IceProd cannot cancel a dataset: hold suspends it, and its action truncate ends the creation of jobs',
    );
  }

  private async setStatus({ workload: { id }, context }: OperationRequest, status: string): Promise<void> {
    await this.bus.request(ChangeDataset, { dataset_id: id, change: 'status', status }, stepOf(context, 'dataset'));
  }

  /** Resets all tasks of a status with their jobs, and lifts the dataset, in the background (IceProd contract 16). */
  private async reset({ workload: { id }, context }: OperationRequest, status: string): Promise<string> {
    const request = {
      action: 'task_status' as const,
      arguments: JSON.stringify({ dataset_id: id, action: 'reset', initial_status: status }),
    };
    const { request_id: requestId } = await this.bus.request(MakeRequest, request, stepOf(context, 'tasks'));
    return `The dataset is processing; its ${status} tasks are being reset (GET /actions/task_status/${requestId}).`;
  }

  /** Who may not change the dataset learns that before anything else of it. */
  private async authorize({ workload: { id }, context }: OperationRequest): Promise<void> {
    await this.bus.request(AuthorizeAccess, { dataset_id: id, action: 'write' }, questionOf(context));
  }
}
