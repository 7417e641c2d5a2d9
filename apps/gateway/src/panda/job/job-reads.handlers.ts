import { Injectable } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import { DescribeJobs, GetJobMetadata } from '#contracts/panda/documents.js';
import { GetJobStates, GetOfflineScript } from '#contracts/panda/job-states.js';
import {
  type CallOf,
  type Envelope,
  failure,
  type Handlers,
  RawJson,
  success,
  TextAnswer,
} from '../protocol/function.js';
import { ServiceDocuments } from '../protocol/service-documents.js';
import { within } from '../protocol/time-limit.js';
import type { jobReadFunctions } from './job-reads.functions.js';
import { toldState } from './told-state.js';

type Functions = typeof jobReadFunctions;

/** What is read of jobs (PanDA contract 6.5). */
@Injectable()
export class JobReadHandlers implements Handlers<Functions> {
  constructor(
    private readonly bus: Bus,
    private readonly documents: ServiceDocuments,
  ) {}

  async get_status({ parameters, context }: CallOf<Functions['get_status']>): Promise<Envelope> {
    const { job_ids, timeout } = parameters;
    const reply = await within(context, timeout, (limited) => this.bus.request(GetJobStates, { job_ids }, limited));
    if (reply === undefined) return failure('time out', { code: 10 });
    return success(reply.jobs.map(toldState));
  }

  get_description(call: CallOf<Functions['get_description']>): Promise<Envelope> {
    return this.described(call);
  }

  /** Jobs are kept for ever: there is no other archive. */
  get_description_incl_archive(call: CallOf<Functions['get_description_incl_archive']>): Promise<Envelope> {
    return this.described(call);
  }

  async generate_offline_execution_script({
    parameters: { job_id, days },
    context,
  }: CallOf<Functions['generate_offline_execution_script']>): Promise<TextAnswer> {
    const { script } = await this.bus.request(GetOfflineScript, { job_id }, context);
    const range =
      days === null
        ? 'for the last 30 days. You may add &days=N to the URL'
        : `for the last ${days} days. You may change &days=N in the URL`;
    return new TextAnswer(script ?? `ERROR: Cannot get PandaID=${job_id} in DB ${range}`);
  }

  async get_metadata_for_analysis_jobs({
    parameters,
    context,
  }: CallOf<Functions['get_metadata_for_analysis_jobs']>): Promise<Envelope> {
    const data = await this.documents.read(GetJobMetadata, parameters, context);
    return data instanceof RawJson && data.text === '{}' ? success({}, 'No metadata found') : success(data);
  }

  private async described({
    parameters: { job_ids },
    context,
  }: CallOf<Functions['get_description']>): Promise<Envelope> {
    return success(await this.documents.read(DescribeJobs, { job_ids }, context));
  }
}
