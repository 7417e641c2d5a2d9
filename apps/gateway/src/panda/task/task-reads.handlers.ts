import { Injectable } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { isObject, valueIn } from '#platform/json-object.js';
import { Bus } from '#bus/bus.js';
import type { Contract, Page } from '#bus/contract.js';
import {
  type DocumentRequest,
  GetDatasetsAndFiles,
  GetJumboDatasets,
  GetParentDetailedInfo,
  GetTaskDetailedInfo,
  GetTaskDetails,
  GetTaskJobDescriptions,
  GetTaskJobIds,
  GetTaskParameters,
  GetTasksDetailedInfo,
  GetTasksModified,
} from '#contracts/panda/documents.js';
import { GetTaskStatus } from '#contracts/panda/job-states.js';
import { microsOfTime } from '#contracts/panda/times.js';
import { compactName } from '../principal/compact-name.js';
import { principalOf } from '../protocol/caller.js';
import { type CallOf, type Envelope, failure, type Handlers, type PandaCall, success } from '../protocol/function.js';
import { ServiceDocuments } from '../protocol/service-documents.js';
import type { taskReadFunctions } from './task-reads.functions.js';

type Functions = typeof taskReadFunctions;

const MICROS_PER_DAY = 24 * 3600 * 1_000_000;

/** Contract 1.9. */
const NO_TASK_ID = 'jediTaskID must be an integer';

/** What is read of tasks (PanDA contract 6.10). */
@Injectable()
export class TaskReadHandlers implements Handlers<Functions> {
  constructor(
    private readonly bus: Bus,
    private readonly documents: ServiceDocuments,
  ) {}

  async get_status({ parameters, context }: CallOf<Functions['get_status']>): Promise<Envelope> {
    const task_id = taskIdIn(parameters.task_id);
    if (task_id === undefined) return failure(NO_TASK_ID);
    const { status } = await this.bus.request(GetTaskStatus, { task_id }, context);
    return status === null ? failure('Task not found') : success(status);
  }

  get_details(call: CallOf<Functions['get_details']>): Promise<Envelope> {
    return this.read(GetTaskDetails, call.parameters, call);
  }

  async get_tasks_modified_since(call: CallOf<Functions['get_tasks_modified_since']>): Promise<Envelope> {
    const { since, dn, full, min_task_id, prod_source_label: label } = call.parameters;
    const since_micros = microsOfTime(since);
    if (since_micros === undefined) return success({});
    // Older clients print Python's None (contract 11.1).
    const user = dn === '' || dn === 'None' ? principalOf(call).name : compactName(dn);
    return this.read(GetTasksModified, { since_micros, user, label, full, above_task_id: min_task_id ?? 0 }, call);
  }

  async get_datasets_and_files(call: CallOf<Functions['get_datasets_and_files']>): Promise<Envelope> {
    const { dataset_types: types, dataset_only } = call.parameters;
    const task_id = taskIdIn(call.parameters.task_id);
    if (task_id === undefined) return failure(NO_TASK_ID);
    return this.read(GetDatasetsAndFiles, { task_id, types, dataset_only }, call);
  }

  get_job_ids(call: CallOf<Functions['get_job_ids']>): Promise<Envelope> {
    return this.read(GetTaskJobIds, call.parameters, call);
  }

  get_task_parameters(call: CallOf<Functions['get_task_parameters']>): Promise<Envelope> {
    return this.read(GetTaskParameters, call.parameters, call);
  }

  get_detailed_info(call: CallOf<Functions['get_detailed_info']>): Promise<Envelope> {
    return this.read(GetTaskDetailedInfo, call.parameters, call);
  }

  get_parent_detailed_info(call: CallOf<Functions['get_parent_detailed_info']>): Promise<Envelope> {
    return this.read(GetParentDetailedInfo, call.parameters, call);
  }

  async get_tasks_detailed_info_since(call: CallOf<Functions['get_tasks_detailed_info_since']>): Promise<Envelope> {
    const { since, filters: text, n_tasks: limit } = call.parameters;
    const filters = text === null || text === '' ? {} : valueIn(text);
    if (filters === undefined) return failure('filters is not valid JSON');
    if (!isObject(filters)) return failure('filters must be a JSON object');
    return this.read(GetTasksDetailedInfo, { since, filters, limit, user: principalOf(call).name }, call);
  }

  get_job_descriptions(call: CallOf<Functions['get_job_descriptions']>): Promise<Envelope> {
    return this.read(GetTaskJobDescriptions, call.parameters, call);
  }

  get_jumbo_job_datasets(call: CallOf<Functions['get_jumbo_job_datasets']>): Promise<Envelope> {
    const now = nowMicros();
    const [from_micros, to_micros] = [call.parameters.from_offset, call.parameters.to_offset].map(
      (days) => now - days * MICROS_PER_DAY,
    );
    return this.read(GetJumboDatasets, { from_micros: from_micros ?? now, to_micros: to_micros ?? now }, call);
  }

  private async read<Request extends DocumentRequest>(
    contract: Contract<Request, Page>,
    request: NoInfer<Request>,
    { context }: Pick<PandaCall, 'context'>,
  ): Promise<Envelope> {
    return success(await this.documents.read(contract, request, context));
  }
}

const WHOLE_NUMBER = /^\s*[+-]?\d{1,15}\s*$/u;

const taskIdIn = (value: unknown): number | undefined =>
  typeof value === 'string' && WHOLE_NUMBER.test(value) ? Number(value) : undefined;
