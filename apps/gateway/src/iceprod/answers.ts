import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Contract, Page } from '#bus/contract.js';
import type { ListOptions, ListPage } from '#contracts/lists.js';
import { limitedList } from '../route/limited-list.js';
import { linkTo } from '../route/link-to.js';
import type { Call, RouteResponse } from '../route/route.js';
import { invalid } from '../route/request-source.js';
import { type Paged, ServiceAnswers } from '../route/service-answers.js';
import { asLines, asObject, streamed } from '../route/streaming.js';
import { StatusFraming } from './status-framing.js';

/** The forms of IceProd's answers, made from what services reply. */
@Injectable()
export class Answers extends ServiceAnswers {
  /** What the service replies, as JSON. */
  async json<Request, Reply>(contract: Contract<Request, Reply>, call: Call<NoInfer<Request>>): Promise<string> {
    return JSON.stringify(await this.reply(contract, call));
  }

  /** Nothing to say: two characters, because browser code always parses (IceProd contract 1.2.1). */
  async emptyObject<Request>(contract: Contract<Request, object>, call: Call<NoInfer<Request>>): Promise<string> {
    await this.reply(contract, call);
    return '{}';
  }

  /** `{id: document}` */
  documentsById<Request extends Paged>(
    contract: Contract<Request, Page>,
    call: Call<NoInfer<Request>>,
  ): Promise<RouteResponse> {
    return this.pages(contract, call, asObject());
  }

  /** As {@link documentsById}; headers lead to the rest of a list that a limit ends, and to what changes from now on. */
  async list<Request extends ListOptions>(
    contract: Contract<Request, ListPage>,
    call: Call<NoInfer<Request>>,
    reply: FastifyReply,
  ): Promise<RouteResponse> {
    if (call.input.limit === undefined) {
      return streamed(this.bus, contract, call, asObject(), (page) => setListHeaders(reply, call.input, page));
    }
    const { text, ...page } = await limitedList(this.bus, contract, call, asObject());
    setListHeaders(reply, call.input, page);
    return text;
  }

  /** `{status: [id]}` */
  idsByStatus<Request extends Paged>(
    contract: Contract<Request, Page>,
    call: Call<NoInfer<Request>>,
  ): Promise<RouteResponse> {
    return this.pages(contract, call, new StatusFraming());
  }

  /** Values line by line. */
  async lines<Request extends Paged>(
    contract: Contract<Request, Page>,
    call: Call<NoInfer<Request>>,
  ): Promise<RouteResponse> {
    return untouched(await this.pages(contract, call, asLines()));
  }
}

/** Clients read at least 16 KiB of headers. Parameters may be longer: bodies carry them as well. */
const LINK_CHARACTERS_MAX = 6 * 1024;

/** @throws DomainError kind `invalid` when the parameters are too long for the link to the rest of the list */
const setListHeaders = (
  reply: FastifyReply,
  { limit, after: start, changed_since: since }: ListOptions,
  { after, position }: { readonly after?: string | undefined; readonly position?: number | undefined },
): void => {
  const links: string[] = [];
  if (after !== undefined) {
    const next = linkTo('next', reply.request, { after });
    if (next.length > LINK_CHARACTERS_MAX) throw invalid('parameters are too long for a list with a limit');
    links.push(next);
  }
  // Later parts of a list show later states: a client that asked with their position would miss changes since the first.
  if (position !== undefined && start === undefined) {
    void reply.header('cairn-position', String(position));
    const isPolling = limit !== undefined || since !== undefined;
    const changes = linkTo('changes', reply.request, { after: undefined, changed_since: String(position) });
    // It repeats what Cairn-Position says, so it may be left out.
    if (isPolling && changes.length <= LINK_CHARACTERS_MAX) links.push(changes);
  }
  if (links.length > 0) void reply.header('link', links.join(', '));
};

/** As bytes, because to a text whose type has JSON in its name Fastify adds a charset. */
export const untouched = (served: RouteResponse): RouteResponse =>
  typeof served === 'string' ? Buffer.from(served) : served;

/** `{"result": <path>}`, with the path as `Location`, for what has been created (IceProd contract 13). */
export const createdAt = (reply: FastifyReply, path: string): string => {
  void reply.header('location', path);
  return resultOf(path);
};

/** `{"result": <id>}` */
export const resultOf = (id: string): string => JSON.stringify({ result: id });
