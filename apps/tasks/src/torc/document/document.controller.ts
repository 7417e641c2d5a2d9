import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Answer, Message } from '#bus/contract.js';
import { COLLECTIONS, type PlainCollectionName } from '#contracts/torc/collections.js';
import {
  type DocumentReply,
  type DocumentRequest,
  GetDocument,
  ListDocuments,
  type ListDocumentsRequest,
  StoreDocument,
  type TorcListPage,
} from '#contracts/torc/documents.js';
import { isEdge } from '#contracts/torc/edges.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { edgeSource, edgeText } from '../edge/edge-source.js';
import { TorcLists } from '../lists.js';
import { TorcMessageHandler } from '../message-handler.js';
import { torcErrors } from '../torc-errors.js';
import { documentText } from './document-rows.js';
import { documentSource } from './document-source.js';
import { type NewDocument, storeDocument } from './store-document.js';

/** Messages about documents and edges. */
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
      if (isEdge(collection)) {
        const edge = committed.edges.byKey(workflow.workload, collection, key);
        return edge === undefined
          ? torcErrors.noDocument(`edge ${collection}`, key, workflowKey)
          : { document: edgeText(committed, workflow, collection, edge) };
      }
      if (collection === 'jobs') return torcErrors.noDocument('job', key, workflowKey);
      const document = committed.documents.byKey(workflow.workload, collection, key);
      return document === undefined
        ? torcErrors.noDocument(COLLECTIONS[collection].noun, key, workflowKey)
        : { document: documentText(workflow, collection, document) };
    });
  }

  @MessagePattern(ListDocuments.subject)
  list(@Payload() message: Message<ListDocumentsRequest>): Promise<Answer<TorcListPage>> {
    const { request } = message;
    const { workflow: key, collection } = request;
    return this.handler.read(message, () =>
      this.lists.list(request, (snapshot) => {
        const rows = this.handler.rowsIn(snapshot);
        const workflow = rows.workflows.one(key);
        if (workflow === undefined) return torcErrors.noWorkflow(key);
        return isEdge(collection)
          ? edgeSource(rows, workflow, collection)
          : documentSource(rows, workflow, collection as PlainCollectionName);
      }),
    );
  }

  @MessagePattern(StoreDocument.subject)
  store(
    @Payload() message: Message<NewDocument & { workflow: string; collection: PlainCollectionName }>,
  ): Promise<Answer<DocumentReply>> {
    return this.handler.execute(message, (view, timeMicros) => storeDocument(view, message.request, timeMicros));
  }
}
