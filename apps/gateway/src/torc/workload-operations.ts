import { Injectable } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import { InitializeJobs, ResetJobs } from '#contracts/torc/graph.js';
import { CancelWorkflow, ResetWorkflowStatus } from '#contracts/torc/workflows.js';
import { stepOf } from '../route/message-context.js';
import { cannot, type OperationRequest, type WorkloadOperations } from '../route/workload-operations.js';

const CANCELED = 'canceled';
const UNINITIALIZED = 'uninitialized';

/** Workflows are started, restarted and canceled. Who may use a workflow may do that: the tasks service knows (Torc contract 2). */
@Injectable()
export class TorcOperations implements WorkloadOperations {
  constructor(private readonly bus: Bus) {}

  hold(): Promise<string> {
    return Promise.reject(cannot('Torc cannot hold a workflow: cancel ends it, and retry runs what is left of it'));
  }

  async release(request: OperationRequest): Promise<string> {
    if (request.workload.status !== UNINITIALIZED) {
      throw cannot(
        'Torc cannot hold a workflow, and the jobs of this one are initialized: there is nothing to release',
      );
    }
    await this.initialize(request);
    return 'The jobs of the workflow are initialized: they are ready or blocked.';
  }

  async retry(request: OperationRequest): Promise<string> {
    const { workload, context } = request;
    const { id: workflow, status, failed_units: failed } = workload;
    if (failed === 0 && status !== CANCELED) throw cannot('No job of the workflow has failed, and it is not canceled');
    if (status === CANCELED) await this.bus.request(ResetWorkflowStatus, { workflow }, stepOf(context, 'status'));
    await this.bus.request(ResetJobs, { workflow, failed_only: true }, stepOf(context, 'reset'));
    await this.initialize(request);
    return 'What has failed or was canceled, and what comes after it, is ready or blocked again.';
  }

  async cancel({ workload: { id: workflow, status }, context }: OperationRequest): Promise<string> {
    if (status === CANCELED) throw cannot('The workflow is canceled already');
    await this.bus.request(CancelWorkflow, { workflow }, context);
    return 'The workflow is canceled: its running jobs end, and no other starts.';
  }

  private async initialize({ workload: { id: workflow }, context }: OperationRequest): Promise<void> {
    const request = { workflow, only_uninitialized: true, clear_ephemeral_user_data: false };
    await this.bus.request(InitializeJobs, request, stepOf(context, 'initialize'));
  }
}
