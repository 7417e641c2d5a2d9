import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message, Nothing, Page } from '#bus/contract.js';
import {
  type ConfigurationEntry,
  type ConfigurationSection,
  GetConfiguration,
  ListConfiguration,
  RemoveConfiguration,
  SetConfiguration,
} from '#contracts/panda/administration.js';
import { GetPandaUsers, GetPandaVos, type PandaUser, type Vo } from '#contracts/panda/configuration.js';
import { GetQueueDocument, GetResourceTypes, GetSiteSpecs } from '#contracts/panda/queue-documents.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { PageBuilder } from '#event-sourcing/page-builder.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { SiteSpecs } from '../queue/site-specs.js';
import { isList, itemsOf, removeEntry, setEntry, shownEntry } from './change-configuration.js';
import { ConfigurationTables } from './entry-tables.js';

/** Entries read at a time for a list. */
const CHUNK_ENTRIES = 50;

interface DocumentReply {
  readonly document: string;
}

/** Messages about queues, users, VOs, storages, shares and resource types. */
@Controller()
export class ConfigurationController {
  private readonly shown: ConfigurationTables;
  private readonly decided: ConfigurationTables;
  private readonly specs = new SiteSpecs();

  constructor(
    private readonly mailbox: Mailbox,
    readModel: ReadModel,
  ) {
    this.shown = new ConfigurationTables(readModel.queries);
    this.decided = new ConfigurationTables(readModel.writer);
  }

  @MessagePattern(GetPandaVos.subject)
  vos(): Answer<{ vos: readonly Vo[] }> {
    return { reply: { vos: this.shown.values('vos').map((value) => JSON.parse(value) as Vo) } };
  }

  @MessagePattern(GetPandaUsers.subject)
  users(): Answer<{ users: readonly PandaUser[] }> {
    return { reply: { users: this.shown.values('users').map((value) => JSON.parse(value) as PandaUser) } };
  }

  @MessagePattern(GetQueueDocument.subject)
  queueDocument(@Payload() { request }: Message<{ name: string }>): Answer<DocumentReply> {
    return answer(shownEntry(this.shown, { section: 'queues', name: request.name }));
  }

  @MessagePattern(GetSiteSpecs.subject)
  siteSpecs(@Payload() { request }: Message<{ type: string }>): Answer<DocumentReply> {
    return { reply: { document: this.specs.of(this.shown.values('queues'), request.type) } };
  }

  @MessagePattern(GetResourceTypes.subject)
  resourceTypes(): Answer<DocumentReply> {
    return { reply: { document: JSON.stringify([...itemsOf(this.shown, 'resource_types').values()]) } };
  }

  @MessagePattern(ListConfiguration.subject)
  list(@Payload() { request }: Message<{ section: ConfigurationSection; cursor?: string }>): Answer<Page> {
    const { section } = request;
    if (isList(section)) {
      return { reply: { entries: [...itemsOf(this.shown, section).values()].map((item) => JSON.stringify(item)) } };
    }
    const builder = new PageBuilder();
    let after = request.cursor ?? '';
    for (;;) {
      const values = this.shown.values(section, after, CHUNK_ENTRIES);
      for (const value of values) {
        const { name, document } = JSON.parse(value) as { name: string; document?: string };
        const entry = section === 'queues' ? (document ?? '') : value;
        builder.add(entry, entry.length);
        after = name;
      }
      if (values.length < CHUNK_ENTRIES) return { reply: builder.page() };
      if (builder.isFull) return { reply: builder.page(after) };
    }
  }

  @MessagePattern(GetConfiguration.subject)
  get(@Payload() { request }: Message<ConfigurationEntry>): Answer<DocumentReply> {
    return answer(shownEntry(this.shown, request));
  }

  @MessagePattern(SetConfiguration.subject)
  set(@Payload() { context, request }: Message<ConfigurationEntry & DocumentReply>): Promise<Answer<DocumentReply>> {
    const decide = () => setEntry(this.decided, request);
    return this.mailbox.execute({ context, timeMicros: nowMicros(), decide });
  }

  @MessagePattern(RemoveConfiguration.subject)
  remove(@Payload() { context, request }: Message<ConfigurationEntry>): Promise<Answer<Nothing>> {
    const decide = () => removeEntry(this.decided, request);
    return this.mailbox.execute({ context, timeMicros: nowMicros(), decide });
  }
}

const answer = <Reply>(reply: Reply | DomainError): Answer<Reply> =>
  reply instanceof DomainError ? { error: reply.toValue() } : { reply };
