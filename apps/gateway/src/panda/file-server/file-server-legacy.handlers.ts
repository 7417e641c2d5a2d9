import { Injectable } from '@nestjs/common';
import type { CallOf, Envelope, Handlers, LegacyAnswer } from '../protocol/function.js';
import { json, tuple } from '../protocol/legacy-answers.js';
import { FileServerHandlers } from './file-server.handlers.js';
import type { fileServerLegacy } from './file-server.legacy.js';

type Functions = typeof fileServerLegacy;

/** Clients evaluate the text. */
const textOf = ({ success, message }: Envelope): LegacyAnswer => ({ kind: 'text', text: success ? 'True' : message });

const tupleOf = ({ success, message }: Envelope, done: string): LegacyAnswer =>
  tuple(success, success ? done : message);

const statusOf = ({ success, message }: Envelope): LegacyAnswer => json({ status: success, message });

const ACCEPTED = 'request was accepted and will be processed in a few minutes';

/** The functions of `file_server` as the legacy API has them (contract 12). */
@Injectable()
export class FileServerLegacyHandlers implements Handlers<Functions> {
  constructor(private readonly functions: FileServerHandlers) {}

  async putFile(call: CallOf<Functions['putFile']>): Promise<LegacyAnswer> {
    return textOf(await this.functions.upload_cache_file(call));
  }

  async updateLog(call: CallOf<Functions['updateLog']>): Promise<LegacyAnswer> {
    return textOf(await this.functions.update_jedi_log(call));
  }

  async putEventPickingRequest(call: CallOf<Functions['putEventPickingRequest']>): Promise<LegacyAnswer> {
    const { parameters: given } = call;
    const parameters = {
      run_event_list: given.runEventList,
      data_type: given.eventPickDataType,
      stream_name: given.eventPickStreamName,
      dataset_name: given.eventPickDS,
      ami_tag: given.eventPickAmiTag,
      user_dataset_name: given.userDatasetName,
      locked_by: given.lockedBy,
      parameters: given.params,
      input_file_list: given.inputFileList,
      n_sites: given.eventPickNumSites,
      user_task_name: given.userTaskName,
      ei_api: given.ei_api,
      include_guids: given.giveGUID,
    };
    return textOf(await this.functions.upload_event_picking_request({ ...call, parameters }));
  }

  async put_workflow_request(call: CallOf<Functions['put_workflow_request']>): Promise<LegacyAnswer> {
    const { data, check, sync } = call.parameters;
    const parameters = { data, dry_run: check, sync };
    return tupleOf(await this.functions.upload_workflow_request({ ...call, parameters }), ACCEPTED);
  }

  async put_file_recovery_request(call: CallOf<Functions['put_file_recovery_request']>): Promise<LegacyAnswer> {
    const { jediTaskID: task_id, dryRun: dry_run } = call.parameters;
    const parameters = {
      ...{ task_id, dry_run, dataset: null, files: null, no_child_retry: true, resurrect_datasets: false },
      ...{ force: false, reproduce_parent: false, reproduce_upto_nth_gen: 0 },
    };
    return tupleOf(await this.functions.upload_file_recovery_request({ ...call, parameters }), ACCEPTED);
  }

  async put_checkpoint(call: CallOf<Functions['put_checkpoint']>): Promise<LegacyAnswer> {
    return statusOf(await this.functions.upload_hpo_checkpoint(call));
  }

  async delete_checkpoint(call: CallOf<Functions['delete_checkpoint']>): Promise<LegacyAnswer> {
    return statusOf(await this.functions.delete_hpo_checkpoint(call));
  }
}
