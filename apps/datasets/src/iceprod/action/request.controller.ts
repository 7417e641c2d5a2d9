import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { formatTimestamp, nowMicros } from '#platform/clock.js';
import { DomainError, type DomainErrorValue, refusalOf } from '#platform/domain-error.js';
import { Environment } from '#platform/environment.js';
import { ref } from '#ledger/ref.js';
import type { Answer, Message } from '#bus/contract.js';
import { BlobStore } from '#storage/blob-store.js';
import {
  type Action,
  CountRequests,
  GetLatestMaterialization,
  GetRequest,
  MakeRequest,
  type MakeRequestRequest,
  type RequestStatus,
  type RequestView,
} from '#contracts/iceprod/actions.js';
import { newId } from '#contracts/ids.js';
import { membersOf, objectText } from '#contracts/raw-json.js';
import type { RequestQueued } from '#contracts/iceprod/request-events.js';
import { AccessRules } from '#event-sourcing/access-rules.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { ConfigPool } from '../config/config-pool.js';
import { storeDocument } from '../document/documents.js';
import { type Arguments, type CheckConfig, readArguments, readLegacyArguments } from './arguments.js';
import { authorizeRequestRead } from './request-access.js';
import { Requests } from './request-projection.js';
import { RequestQuotas } from './request-quotas.js';
import { RequestWorker } from './request-worker.js';
import { requestEvent, requestNotFound, type StoredRequest } from './request.js';

/** The slot in a request's id says nothing: its home follows from the whole id. */
const REQUESTS_REF = ref('iceprod', 'main', 'requests');

const refused = (error: DomainError): { readonly error: DomainErrorValue } => ({ error: error.toValue() });

/** Messages about asynchronous requests (IceProd contract 16). */
@Controller()
export class RequestController {
  private readonly rules: AccessRules;
  private readonly shown: Requests;
  private readonly decided: Requests;
  private readonly quotas: RequestQuotas;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly blobs: BlobStore,
    private readonly worker: RequestWorker,
    private readonly configs: ConfigPool,
    readModel: ReadModel,
    environment: Environment,
  ) {
    this.rules = new AccessRules(readModel.queries, 'iceprod');
    this.shown = new Requests(readModel.queries);
    this.decided = new Requests(readModel.writer);
    this.quotas = new RequestQuotas(readModel.writer, this.decided, environment);
  }

  @MessagePattern(MakeRequest.subject)
  async make(message: Message<MakeRequestRequest>): Promise<Answer<{ request_id: string }>> {
    const { context, request } = message;
    const { caller } = context;
    const values = await this.argumentsOf(message);
    if (values instanceof DomainError) return refused(values);
    const timeMicros = nowMicros();
    const id = newId(REQUESTS_REF, timeMicros);
    const { dataset_id: datasetId } = values;
    const data: RequestQueued = {
      request_id: id,
      action: request.action,
      ...(typeof datasetId === 'string' && { dataset_id: datasetId }),
      arguments: await storeDocument(this.blobs, 'request', JSON.stringify(values)),
      creator: caller.username,
      role: caller.roles[0] ?? '',
      groups: caller.groups,
      ...(caller.tokenIssuedAtMs !== undefined && {
        token: { subject: caller.subject, issued_at_ms: caller.tokenIssuedAtMs },
      }),
    };
    const answer = await this.mailbox.execute<{ request_id: string }>({
      context,
      timeMicros,
      decide: () => {
        const same =
          request.action === 'materialization' ? this.decided.openMaterialization(data.dataset_id ?? null) : undefined;
        if (same !== undefined) return { events: [], reply: { request_id: same } };
        return (
          this.quotas.refusal(caller, request.action, values, timeMicros) ?? {
            events: [requestEvent('RequestQueued', data)],
            reply: { request_id: id },
          }
        );
      },
    });
    this.worker.wake();
    return answer;
  }

  @MessagePattern(GetRequest.subject)
  async get({ context, request }: Message<{ action: Action; request_id: string }>): Promise<Answer<RequestView>> {
    const found = this.shown.find(request.request_id);
    if (found?.action !== request.action) return refused(requestNotFound());
    const denied = authorizeRequestRead(this.rules, found, context.caller);
    return denied === undefined ? { reply: await this.viewOf(found) } : refused(denied);
  }

  @MessagePattern(CountRequests.subject)
  count({ request }: Message<{ action?: Action }>): Answer<Readonly<Record<RequestStatus, number>>> {
    return { reply: this.shown.counts(request.action) };
  }

  @MessagePattern(GetLatestMaterialization.subject)
  async latest({ context, request }: Message<{ dataset_id: string }>): Promise<Answer<RequestView>> {
    const denied = this.rules.authorize(request.dataset_id, 'read', context.caller);
    if (denied !== undefined) return refused(denied);
    const found = this.shown.latestMaterialization(request.dataset_id);
    return found === undefined ? refused(requestNotFound()) : { reply: await this.viewOf(found) };
  }

  private async argumentsOf({
    context: { caller },
    request,
  }: Message<MakeRequestRequest>): Promise<Arguments | DomainError> {
    const { action, dataset_id: datasetId, legacy } = request;
    const checkConfig: CheckConfig = (...args) => refusalOf(this.configs.run('checkArgument', ...args));
    if (datasetId === undefined) {
      return legacy === true
        ? readLegacyArguments(request.arguments)
        : readArguments(
            action,
            request.arguments,
            caller,
            (id) => this.rules.authorize(id, 'write', caller),
            checkConfig,
          );
    }
    const denied = this.rules.authorize(datasetId, 'write', caller);
    if (denied !== undefined) return denied;
    if (legacy === true) {
      const values = readLegacyArguments(request.arguments);
      return values instanceof DomainError ? values : { ...values, dataset_id: datasetId };
    }
    const members = membersOf(request.arguments).set('dataset_id', JSON.stringify(datasetId));
    return readArguments(action, objectText(members), caller, () => undefined, checkConfig);
  }

  private async viewOf(request: StoredRequest): Promise<RequestView> {
    const members = membersOf((await this.worker.argumentsOf(request)) ?? '{}');
    if (request.progress !== undefined) members.set('progress', String(request.progress));
    for (const [name, raw] of membersOf(request.results ?? '{}')) members.set(name, raw);
    members.set('type', JSON.stringify(request.action));
    return {
      id: request.id,
      status: request.status,
      error_message: request.message,
      payload: objectText(members),
      create_timestamp: formatTimestamp(request.madeMicros),
      modify_timestamp: formatTimestamp(request.changedMicros),
      creator: request.creator,
      role: request.role,
    };
  }
}
