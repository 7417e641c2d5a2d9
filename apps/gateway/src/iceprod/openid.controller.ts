import { Controller, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AskOpenId } from '#contracts/openid.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { Answers } from './answers.js';
import { openIdRoutes as routes } from './openid.routes.js';

/** What the provider may know of a request. */
const HEADERS = ['host', 'authorization', 'cookie', 'accept', 'user-agent'] as const;
/** Belong to the connection, which is the gateway's. */
const NOT_RELAYED: readonly string[] = ['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding'];

type Call = CallOf<typeof routes.discovery>;

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

const HttpExchange = createParamDecorator((_: unknown, context: ExecutionContext): Exchange => {
  const http = context.switchToHttp();
  return { request: http.getRequest<FastifyRequest>(), reply: http.getResponse<FastifyReply>() };
});

/** Hands requests to the OpenID provider, as they came, and its answers back. */
@Controller()
export class OpenIdController {
  constructor(private readonly answers: Answers) {}

  async relay({ context }: Call, { request, reply }: Exchange): Promise<RouteResponse> {
    const { method, url, headers, body, ip: address } = request;
    const seen = HEADERS.flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value] as const] : [];
    });
    const input = {
      method,
      url,
      headers: Object.fromEntries(seen),
      body: Buffer.isBuffer(body) ? body.toString('utf8') : '',
      address,
    };
    const answer = await this.answers.reply(AskOpenId, { input, context });
    const cookies: string[] = [];
    for (const [name, value] of answer.headers) {
      if (name === 'set-cookie') cookies.push(value);
      else if (!NOT_RELAYED.includes(name)) void reply.header(name, value);
    }
    if (cookies.length > 0) void reply.header('set-cookie', cookies);
    void reply.code(answer.status);
    return answer.body;
  }
}

// A method of Nest serves one route. All of these are served alike, so their methods are made from the table.
for (const [key, route] of Object.entries(routes)) {
  const { prototype } = OpenIdController;
  const method = {
    value(this: OpenIdController, call: Call, exchange: Exchange): Promise<RouteResponse> {
      return this.relay(call, exchange);
    },
  };
  Object.defineProperty(prototype, key, method);
  ValidatedCall()(prototype, key, 0);
  HttpExchange()(prototype, key, 1);
  Serves(route)(prototype, key, method);
}
