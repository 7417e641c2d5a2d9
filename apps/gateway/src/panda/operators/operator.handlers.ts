import { Injectable } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import { GetOperatorRequest, ListOperatorRequests } from '#contracts/panda/cache.js';
import { isOperatorRequestKind } from '#contracts/panda/cache-events.js';
import { BlobStore } from '#storage/blob-store.js';
import { type CallOf, type Envelope, failure, type Handlers, RawJson, success } from '../protocol/function.js';
import type { operatorFunctions } from './operator.functions.js';

type Functions = typeof operatorFunctions;

const LIMIT_MAX = 1_000;

/** Shows operators what users have asked them for. */
@Injectable()
export class OperatorHandlers implements Handlers<Functions> {
  constructor(
    private readonly bus: Bus,
    private readonly blobs: BlobStore,
  ) {}

  async requests({ parameters: { kind, limit, cursor }, context }: CallOf<Functions['requests']>): Promise<Envelope> {
    if (kind !== null && !isOperatorRequestKind(kind)) return failure(`unknown kind of requests: ${kind}`);
    const { entries, next = null } = await this.bus.request(
      ListOperatorRequests,
      {
        ...(kind !== null && { kind }),
        limit: Math.min(Math.max(1, limit), LIMIT_MAX),
        ...(cursor !== null && { cursor }),
      },
      context,
    );
    return success({ requests: entries.map((text) => new RawJson(text)), next });
  }

  async request({ parameters, context }: CallOf<Functions['request']>): Promise<Envelope> {
    const { found } = await this.bus.request(GetOperatorRequest, parameters, context);
    const text = found === undefined ? undefined : await this.blobs.getText(found.key);
    return text === undefined ? failure('there is no such request') : success(new RawJson(text));
  }
}
