import { Controller } from '@nestjs/common';
import {
  type Action,
  CountRequests,
  GetLatestMaterialization,
  GetRequest,
  MakeRequest,
  type MakeRequestRequest,
  type RequestView,
} from '#contracts/iceprod/actions.js';
import { membersOf, objectText } from '#contracts/raw-json.js';
import type { Call, CallOf, Served } from '../route/route.js';
import { Serves, TheCall } from '../route/serves.decorator.js';
import { actionRoutes as routes } from './actions.routes.js';
import { Answers, resultOf } from './answers.js';

/** Asynchronous requests (IceProd contract 16). */
@Controller()
export class ActionsController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.countSubmissions)
  countSubmissions(@TheCall() call: CallOf<typeof routes.countSubmissions>): Promise<Served> {
    return this.answers.json(CountRequests, call);
  }

  @Serves(routes.requestSubmission)
  requestSubmission(@TheCall() call: CallOf<typeof routes.requestSubmission>): Promise<Served> {
    return this.made(call);
  }

  @Serves(routes.getSubmission)
  getSubmission(@TheCall() call: CallOf<typeof routes.getSubmission>): Promise<Served> {
    return this.found(call);
  }

  @Serves(routes.countMaterializations)
  countMaterializations(@TheCall() call: CallOf<typeof routes.countMaterializations>): Promise<Served> {
    return this.answers.json(CountRequests, call);
  }

  @Serves(routes.requestMaterialization)
  requestMaterialization(@TheCall() call: CallOf<typeof routes.requestMaterialization>): Promise<Served> {
    return this.made(call);
  }

  @Serves(routes.getMaterialization)
  getMaterialization(@TheCall() call: CallOf<typeof routes.getMaterialization>): Promise<Served> {
    return this.found(call);
  }

  @Serves(routes.countDatasetStatuses)
  countDatasetStatuses(@TheCall() call: CallOf<typeof routes.countDatasetStatuses>): Promise<Served> {
    return this.answers.json(CountRequests, call);
  }

  @Serves(routes.requestDatasetStatus)
  requestDatasetStatus(@TheCall() call: CallOf<typeof routes.requestDatasetStatus>): Promise<Served> {
    return this.made(call);
  }

  @Serves(routes.getDatasetStatus)
  getDatasetStatus(@TheCall() call: CallOf<typeof routes.getDatasetStatus>): Promise<Served> {
    return this.found(call);
  }

  @Serves(routes.countJobStatuses)
  countJobStatuses(@TheCall() call: CallOf<typeof routes.countJobStatuses>): Promise<Served> {
    return this.answers.json(CountRequests, call);
  }

  @Serves(routes.requestJobStatus)
  requestJobStatus(@TheCall() call: CallOf<typeof routes.requestJobStatus>): Promise<Served> {
    return this.made(call);
  }

  @Serves(routes.getJobStatus)
  getJobStatus(@TheCall() call: CallOf<typeof routes.getJobStatus>): Promise<Served> {
    return this.found(call);
  }

  @Serves(routes.countTaskStatuses)
  countTaskStatuses(@TheCall() call: CallOf<typeof routes.countTaskStatuses>): Promise<Served> {
    return this.answers.json(CountRequests, call);
  }

  @Serves(routes.requestTaskStatus)
  requestTaskStatus(@TheCall() call: CallOf<typeof routes.requestTaskStatus>): Promise<Served> {
    return this.made(call);
  }

  @Serves(routes.getTaskStatus)
  getTaskStatus(@TheCall() call: CallOf<typeof routes.getTaskStatus>): Promise<Served> {
    return this.found(call);
  }

  @Serves(routes.countConfigEdits)
  countConfigEdits(@TheCall() call: CallOf<typeof routes.countConfigEdits>): Promise<Served> {
    return this.answers.json(CountRequests, call);
  }

  @Serves(routes.requestConfigEdit)
  requestConfigEdit(@TheCall() call: CallOf<typeof routes.requestConfigEdit>): Promise<Served> {
    return this.made(call);
  }

  @Serves(routes.getConfigEdit)
  getConfigEdit(@TheCall() call: CallOf<typeof routes.getConfigEdit>): Promise<Served> {
    return this.found(call);
  }

  @Serves(routes.latestOfDataset)
  async latestOfDataset(@TheCall() call: CallOf<typeof routes.latestOfDataset>): Promise<Served> {
    const { id, status } = await this.answers.reply(GetLatestMaterialization, call);
    return JSON.stringify({ id, status });
  }

  @Serves(routes.materializeDataset)
  materializeDataset(@TheCall() call: CallOf<typeof routes.materializeDataset>): Promise<Served> {
    return this.made(call);
  }

  @Serves(routes.legacyAll)
  legacyAll(@TheCall() call: CallOf<typeof routes.legacyAll>): Promise<Served> {
    return this.made(call);
  }

  @Serves(routes.legacyOne)
  legacyOne(@TheCall() call: CallOf<typeof routes.legacyOne>): Promise<Served> {
    return this.made(call);
  }

  @Serves(routes.legacyLatest)
  async legacyLatest(@TheCall() call: CallOf<typeof routes.legacyLatest>): Promise<Served> {
    return legacyText(await this.answers.reply(GetLatestMaterialization, call));
  }

  @Serves(routes.legacyGet)
  async legacyGet(@TheCall() call: CallOf<typeof routes.legacyGet>): Promise<Served> {
    return legacyText(await this.answers.reply(GetRequest, call));
  }

  private async made(call: Call<MakeRequestRequest>): Promise<string> {
    return resultOf((await this.answers.reply(MakeRequest, call)).request_id);
  }

  private async found(call: Call<{ readonly action: Action; readonly request_id: string }>): Promise<string> {
    const { id, status, error_message: message, payload } = await this.answers.reply(GetRequest, call);
    return objectText([
      ['id', JSON.stringify(id)],
      ['status', JSON.stringify(status)],
      ['error_message', JSON.stringify(message)],
      ['payload', payload],
    ]);
  }
}

/** What clients of the materialization service read. */
const legacyText = (request: RequestView): string => {
  const { id, status, create_timestamp, modify_timestamp, creator, role, payload } = request;
  const values = membersOf(payload);
  return objectText([
    ['materialization_id', JSON.stringify(id)],
    ['status', JSON.stringify(status === 'queued' ? 'waiting' : status)],
    ...Object.entries({ create_timestamp, modify_timestamp, creator, role }).map(([name, value]): [string, string] => [
      name,
      JSON.stringify(value),
    ]),
    ...['dataset_id', 'num', 'set_status'].map((name): [string, string] => [name, values.get(name) ?? 'null']),
  ]);
};
