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
import type { Call, CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { actionRoutes as routes } from './actions.routes.js';
import { Answers, resultOf } from './answers.js';

/** Asynchronous requests (IceProd contract 16). */
@Controller()
export class ActionsController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.countSubmissions)
  countSubmissions(@ValidatedCall() call: CallOf<typeof routes.countSubmissions>): Promise<RouteResponse> {
    return this.answers.json(CountRequests, call);
  }

  @Serves(routes.requestSubmission)
  requestSubmission(@ValidatedCall() call: CallOf<typeof routes.requestSubmission>): Promise<RouteResponse> {
    return this.makeRequest(call);
  }

  @Serves(routes.getSubmission)
  getSubmission(@ValidatedCall() call: CallOf<typeof routes.getSubmission>): Promise<RouteResponse> {
    return this.getRequest(call);
  }

  @Serves(routes.countMaterializations)
  countMaterializations(@ValidatedCall() call: CallOf<typeof routes.countMaterializations>): Promise<RouteResponse> {
    return this.answers.json(CountRequests, call);
  }

  @Serves(routes.requestMaterialization)
  requestMaterialization(@ValidatedCall() call: CallOf<typeof routes.requestMaterialization>): Promise<RouteResponse> {
    return this.makeRequest(call);
  }

  @Serves(routes.getMaterialization)
  getMaterialization(@ValidatedCall() call: CallOf<typeof routes.getMaterialization>): Promise<RouteResponse> {
    return this.getRequest(call);
  }

  @Serves(routes.countDatasetStatuses)
  countDatasetStatuses(@ValidatedCall() call: CallOf<typeof routes.countDatasetStatuses>): Promise<RouteResponse> {
    return this.answers.json(CountRequests, call);
  }

  @Serves(routes.requestDatasetStatus)
  requestDatasetStatus(@ValidatedCall() call: CallOf<typeof routes.requestDatasetStatus>): Promise<RouteResponse> {
    return this.makeRequest(call);
  }

  @Serves(routes.getDatasetStatus)
  getDatasetStatus(@ValidatedCall() call: CallOf<typeof routes.getDatasetStatus>): Promise<RouteResponse> {
    return this.getRequest(call);
  }

  @Serves(routes.countJobStatuses)
  countJobStatuses(@ValidatedCall() call: CallOf<typeof routes.countJobStatuses>): Promise<RouteResponse> {
    return this.answers.json(CountRequests, call);
  }

  @Serves(routes.requestJobStatus)
  requestJobStatus(@ValidatedCall() call: CallOf<typeof routes.requestJobStatus>): Promise<RouteResponse> {
    return this.makeRequest(call);
  }

  @Serves(routes.getJobStatus)
  getJobStatus(@ValidatedCall() call: CallOf<typeof routes.getJobStatus>): Promise<RouteResponse> {
    return this.getRequest(call);
  }

  @Serves(routes.countTaskStatuses)
  countTaskStatuses(@ValidatedCall() call: CallOf<typeof routes.countTaskStatuses>): Promise<RouteResponse> {
    return this.answers.json(CountRequests, call);
  }

  @Serves(routes.requestTaskStatus)
  requestTaskStatus(@ValidatedCall() call: CallOf<typeof routes.requestTaskStatus>): Promise<RouteResponse> {
    return this.makeRequest(call);
  }

  @Serves(routes.getTaskStatus)
  getTaskStatus(@ValidatedCall() call: CallOf<typeof routes.getTaskStatus>): Promise<RouteResponse> {
    return this.getRequest(call);
  }

  @Serves(routes.countConfigEdits)
  countConfigEdits(@ValidatedCall() call: CallOf<typeof routes.countConfigEdits>): Promise<RouteResponse> {
    return this.answers.json(CountRequests, call);
  }

  @Serves(routes.requestConfigEdit)
  requestConfigEdit(@ValidatedCall() call: CallOf<typeof routes.requestConfigEdit>): Promise<RouteResponse> {
    return this.makeRequest(call);
  }

  @Serves(routes.getConfigEdit)
  getConfigEdit(@ValidatedCall() call: CallOf<typeof routes.getConfigEdit>): Promise<RouteResponse> {
    return this.getRequest(call);
  }

  @Serves(routes.latestOfDataset)
  async latestOfDataset(@ValidatedCall() call: CallOf<typeof routes.latestOfDataset>): Promise<RouteResponse> {
    const { id, status } = await this.answers.reply(GetLatestMaterialization, call);
    return JSON.stringify({ id, status });
  }

  @Serves(routes.materializeDataset)
  materializeDataset(@ValidatedCall() call: CallOf<typeof routes.materializeDataset>): Promise<RouteResponse> {
    return this.makeRequest(call);
  }

  @Serves(routes.legacyAll)
  legacyAll(@ValidatedCall() call: CallOf<typeof routes.legacyAll>): Promise<RouteResponse> {
    return this.makeRequest(call);
  }

  @Serves(routes.legacyOne)
  legacyOne(@ValidatedCall() call: CallOf<typeof routes.legacyOne>): Promise<RouteResponse> {
    return this.makeRequest(call);
  }

  @Serves(routes.legacyLatest)
  async legacyLatest(@ValidatedCall() call: CallOf<typeof routes.legacyLatest>): Promise<RouteResponse> {
    return legacyText(await this.answers.reply(GetLatestMaterialization, call));
  }

  @Serves(routes.legacyGet)
  async legacyGet(@ValidatedCall() call: CallOf<typeof routes.legacyGet>): Promise<RouteResponse> {
    return legacyText(await this.answers.reply(GetRequest, call));
  }

  private async makeRequest(call: Call<MakeRequestRequest>): Promise<string> {
    return resultOf((await this.answers.reply(MakeRequest, call)).request_id);
  }

  private async getRequest(call: Call<{ readonly action: Action; readonly request_id: string }>): Promise<string> {
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
