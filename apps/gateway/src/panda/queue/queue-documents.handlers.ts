import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { DomainError } from '#platform/domain-error.js';
import { Bus } from '#bus/bus.js';
import type { MessageContext } from '#bus/contract.js';
import { pages } from '#bus/pages.js';
import { ListConfiguration } from '#contracts/panda/administration.js';
import { GetQueueDocument } from '#contracts/panda/queue-documents.js';
import { membersOf } from '#contracts/raw-json.js';
import { JSON_TYPE, NOT_FOUND } from '../protocol/answers.js';
import type { RawAnswer, RawCall, RawHandlers } from '../protocol/function.js';
import type { queueDocumentsRaw } from './queue-documents.raw.js';

/** In the place of a queue these stand for all of them. */
const ALL_OF_DATA = 'schedconfig';
const ALL_BY_NAME = 'pandaqueues';

/** Which member of an entry has its name. */
const NAME_MEMBER = { queues: 'nickname', storages: 'name' } as const;

/** The documents that pilots and harvester read of queues and storages (PanDA contract 7.8). */
@Injectable()
export class QueueDocumentHandlers implements RawHandlers<typeof queueDocumentsRaw> {
  constructor(private readonly bus: Bus) {}

  async queueData({ path: { queue = '' }, context }: RawCall): Promise<RawAnswer> {
    if (queue === ALL_OF_DATA) return this.all('queues', context);
    const document = await this.documentOf(queue, context);
    return document === undefined ? NOT_FOUND : { status: 200, contentType: JSON_TYPE, content: document };
  }

  async queueByName({ path: { queue = '' }, context }: RawCall): Promise<RawAnswer> {
    if (queue === ALL_BY_NAME) return this.all('queues', context);
    const document = await this.documentOf(queue, context);
    if (document === undefined) return NOT_FOUND;
    return { status: 200, contentType: JSON_TYPE, content: `{${JSON.stringify(queue)}:${document}}` };
  }

  storages({ context }: RawCall): Promise<RawAnswer> {
    return this.all('storages', context);
  }

  private async documentOf(name: string, context: MessageContext): Promise<string | undefined> {
    try {
      return (await this.bus.request(GetQueueDocument, { name }, context)).document;
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'not-found') return undefined;
      throw error;
    }
  }

  private async all(section: keyof typeof NAME_MEMBER, context: MessageContext): Promise<RawAnswer> {
    const following = pages(this.bus, ListConfiguration, { section }, context);
    // The first page tells whether the service answers at all.
    const first = await following.next();
    const texts = async function* (): AsyncGenerator<string, void, void> {
      let separator = '{';
      for (let page = first; page.done !== true; page = await following.next()) {
        for (const document of page.value) {
          yield `${separator}${membersOf(document).get(NAME_MEMBER[section]) ?? '""'}:${document}`;
          separator = ',';
        }
      }
      yield separator === '{' ? '{}' : '}';
    };
    return { status: 200, contentType: JSON_TYPE, content: Readable.from(texts(), { objectMode: false }) };
  }
}
