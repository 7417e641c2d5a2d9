import { Controller, type Type } from '@nestjs/common';
import { COLLECTIONS, type CollectionName, type PlainCollectionName } from '#contracts/torc/collections.js';
import {
  DeleteDocument,
  DeleteDocuments,
  GetDocument,
  ListDocuments,
  PutDocument,
  StoreDocument,
} from '#contracts/torc/documents.js';
import { AddJob } from '#contracts/torc/jobs.js';
import type { AnyRoute, CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { addJobRoute, collectionRoutes, storeRoute } from './collections.routes.js';
import { messageOf, TorcAnswers } from './torc-answers.js';

/** Routes of a collection, and the controller that serves them. */
interface Served {
  readonly routes: readonly AnyRoute[];
  readonly controller: Type;
}

const serveCollection = (name: CollectionName): Served => {
  const routes = collectionRoutes(name);

  @Controller()
  class CollectionController {
    constructor(private readonly answers: TorcAnswers) {}

    @Serves(routes.list)
    list(@ValidatedCall() call: CallOf<typeof routes.list>): Promise<RouteResponse> {
      return this.answers.list(ListDocuments, call);
    }

    @Serves(routes.deleteAll)
    async deleteAll(@ValidatedCall() call: CallOf<typeof routes.deleteAll>): Promise<RouteResponse> {
      const { count } = await this.answers.reply(DeleteDocuments, call);
      return messageOf(`deleted ${count} ${name} of workflow ${call.input.workflow}`);
    }

    @Serves(routes.get)
    get(@ValidatedCall() call: CallOf<typeof routes.get>): Promise<RouteResponse> {
      return this.answers.document(GetDocument, call);
    }

    @Serves(routes.put)
    put(@ValidatedCall() { input, context }: CallOf<typeof routes.put>): Promise<RouteResponse> {
      const { put, ...request } = input;
      return this.answers.document(PutDocument, { input: { ...request, ...put }, context });
    }

    @Serves(routes.delete)
    delete(@ValidatedCall() call: CallOf<typeof routes.delete>): Promise<RouteResponse> {
      return this.answers.document(DeleteDocument, call);
    }
  }
  return { routes: Object.values(routes), controller: CollectionController };
};

const serveStore = (name: PlainCollectionName): Served => {
  const route = storeRoute(name);

  @Controller()
  class StoreController {
    constructor(private readonly answers: TorcAnswers) {}

    @Serves(route)
    store(@ValidatedCall() { input, context }: CallOf<typeof route>): Promise<RouteResponse> {
      const { body, workflow, collection } = input;
      const { document, key } = body;
      const request = { workflow, collection, document, ...(key !== undefined && { key }) };
      return this.answers.document(StoreDocument, { input: request, context });
    }
  }
  return { routes: [route], controller: StoreController };
};

const serveAddJob = (): Served => {
  @Controller()
  class AddJobController {
    constructor(private readonly answers: TorcAnswers) {}

    @Serves(addJobRoute)
    add(@ValidatedCall() call: CallOf<typeof addJobRoute>): Promise<RouteResponse> {
      return this.answers.document(AddJob, call);
    }
  }
  return { routes: [addJobRoute], controller: AddJobController };
};

const names = Object.keys(COLLECTIONS) as CollectionName[];

/** The 78 routes of documents. */
export const servedCollections: readonly Served[] = names.flatMap((name) => [
  serveCollection(name),
  name === 'jobs' ? serveAddJob() : serveStore(name),
]);
