import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Answer, Message } from '#bus/contract.js';
import type { CollectionName, PlainCollectionName } from '#contracts/torc/collections.js';
import {
  DeleteDocument,
  type DeleteDocumentRequest,
  DeleteDocuments,
  type DocumentReply,
  type DocumentRequest,
  GetDocument,
  ListDocuments,
  type ListDocumentsRequest,
  PutDocument,
  type PutDocumentRequest,
  StoreDocument,
  type TorcListPage,
} from '#contracts/torc/documents.js';
import type { EdgeName } from '#contracts/torc/edges.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { putJob } from '../job/put-job.js';
import { TorcLists } from '../lists.js';
import { TorcMessageHandler } from '../message-handler.js';
import { nounOf, torcErrors } from '../torc-errors.js';
import { deleteDocument, deleteDocuments } from './delete-document.js';
import { sourceOf } from './list-source.js';
import { putDocument } from './put-document.js';
import { type NewDocument, storeDocument } from './store-document.js';
import { textOf } from './text-of.js';

/** Messages about documents, jobs and edges alike. */
@Controller()
export class DocumentController {
  private readonly lists: TorcLists;

  constructor(
    private readonly handler: TorcMessageHandler,
    { snapshots }: ReadModel,
  ) {
    this.lists = new TorcLists(snapshots);
  }

  @MessagePattern(GetDocument.subject)
  get(@Payload() message: Message<DocumentRequest>): Promise<Answer<DocumentReply>> {
    const { workflow: workflowKey, collection, key } = message.request;
    return this.handler.read(message, () => {
      const { committed } = this.handler;
      const workflow = committed.workflows.one(workflowKey);
      if (workflow === undefined) return torcErrors.noWorkflow(workflowKey);
      const found = textOf(committed, workflow, collection, key);
      return found === undefined ? torcErrors.noDocument(nounOf(collection), key, workflowKey) : { document: found };
    });
  }

  @MessagePattern(ListDocuments.subject)
  list(@Payload() message: Message<ListDocumentsRequest>): Promise<Answer<TorcListPage>> {
    const { request } = message;
    const { workflow: key, collection } = request;
    return this.handler.read(message, () =>
      this.lists.list(request, (snapshot) => {
        const reader = this.handler.readerIn(snapshot);
        const workflow = reader.workflows.one(key);
        return workflow === undefined ? torcErrors.noWorkflow(key) : sourceOf(reader, workflow, collection);
      }),
    );
  }

  @MessagePattern(StoreDocument.subject)
  store(
    @Payload() message: Message<NewDocument & { workflow: string; collection: PlainCollectionName }>,
  ): Promise<Answer<DocumentReply>> {
    return this.handler.execute(message, (view, timeMicros) => storeDocument(view, message.request, timeMicros));
  }

  @MessagePattern(PutDocument.subject)
  put(@Payload() message: Message<PutDocumentRequest>): Promise<Answer<DocumentReply>> {
    const { request } = message;
    const { collection } = request;
    return this.handler.execute(message, (view) =>
      collection === 'jobs' ? putJob(view, request) : putDocument(view, { ...request, collection }),
    );
  }

  @MessagePattern(DeleteDocument.subject)
  delete(@Payload() message: Message<DeleteDocumentRequest>): Promise<Answer<DocumentReply>> {
    return this.handler.execute(message, (view, timeMicros) => deleteDocument(view, message.request, timeMicros));
  }

  @MessagePattern(DeleteDocuments.subject)
  deleteAll(
    @Payload() message: Message<{ workflow: string; collection: CollectionName | EdgeName }>,
  ): Promise<Answer<{ readonly count: number }>> {
    return this.handler.execute(message, (view) => deleteDocuments(view, message.request));
  }
}
