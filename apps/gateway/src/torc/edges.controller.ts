import { Controller } from '@nestjs/common';
import { DeleteDocument, DeleteDocuments, GetDocument, ListDocuments, StoreEdge } from '#contracts/torc/documents.js';
import { membersOf } from '#contracts/raw-json.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { edgeRoutes as routes } from './edges.routes.js';
import { messageOf, TorcAnswers } from './torc-answers.js';

@Controller()
export class EdgesController {
  constructor(private readonly answers: TorcAnswers) {}

  @Serves(routes.list)
  list(@ValidatedCall() { input, context }: CallOf<typeof routes.list>): Promise<RouteResponse> {
    return this.answers.list(ListDocuments, { input: { ...input, filters: {} }, context });
  }

  @Serves(routes.store)
  store(@ValidatedCall() { input, context }: CallOf<typeof routes.store>): Promise<RouteResponse> {
    const { body, workflow, edge } = input;
    const members = membersOf(body.document);
    const idOf = (name: string): string => JSON.parse(members.get(name) ?? '""') as string;
    const data = members.get('data');
    const request = {
      ...{ workflow, edge, from: idOf('_from'), to: idOf('_to') },
      ...(data !== undefined && { data }),
      ...(body.key !== undefined && { key: body.key }),
    };
    return this.answers.document(StoreEdge, { input: request, context });
  }

  @Serves(routes.deleteAll)
  async deleteAll(@ValidatedCall() call: CallOf<typeof routes.deleteAll>): Promise<RouteResponse> {
    const { count } = await this.answers.reply(DeleteDocuments, call);
    const { collection, workflow } = call.input;
    return messageOf(`deleted ${count} edges ${collection} of workflow ${workflow}`);
  }

  @Serves(routes.get)
  get(@ValidatedCall() call: CallOf<typeof routes.get>): Promise<RouteResponse> {
    return this.answers.document(GetDocument, call);
  }

  @Serves(routes.delete)
  delete(@ValidatedCall() call: CallOf<typeof routes.delete>): Promise<RouteResponse> {
    return this.answers.document(DeleteDocument, call);
  }
}
