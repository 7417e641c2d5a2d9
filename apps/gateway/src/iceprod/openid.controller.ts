import { Controller, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AskOpenId } from '#contracts/openid.js';
import type { CallOf, Served } from '../route/route.js';
import { Serves, TheCall } from '../route/serves.decorator.js';
import { HttpRefusal } from '../edge/refusal.js';
import { Answers } from './answers.js';
import { openIdRoutes as routes } from './openid.routes.js';

/** Forms of logins are small. */
const FORM_BYTES_MAX = 64 * 1024;
/** What the provider may know of a request. */
const HEADERS = ['host', 'authorization', 'cookie', 'accept', 'user-agent'] as const;
/** Belong to the connection, which is the gateway's. */
const NOT_RELAYED: readonly string[] = ['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding'];

type Call = CallOf<typeof routes.discovery>;

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

const TheExchange = createParamDecorator((_: unknown, context: ExecutionContext): Exchange => {
  const http = context.switchToHttp();
  return { request: http.getRequest<FastifyRequest>(), reply: http.getResponse<FastifyReply>() };
});

/** Hands requests to the OpenID provider, as they came, and its answers back. */
@Controller()
export class OpenIdController {
  constructor(private readonly answers: Answers) {}

  @Serves(routes.discovery)
  discovery(@TheCall() call: Call, @TheExchange() exchange: Exchange): Promise<Served> {
    return this.relay(call, exchange);
  }

  @Serves(routes.keys)
  keys(@TheCall() call: Call, @TheExchange() exchange: Exchange): Promise<Served> {
    return this.relay(call, exchange);
  }

  @Serves(routes.token)
  token(@TheCall() call: Call, @TheExchange() exchange: Exchange): Promise<Served> {
    return this.relay(call, exchange);
  }

  @Serves(routes.startDevice)
  startDevice(@TheCall() call: Call, @TheExchange() exchange: Exchange): Promise<Served> {
    return this.relay(call, exchange);
  }

  @Serves(routes.devicePage)
  devicePage(@TheCall() call: Call, @TheExchange() exchange: Exchange): Promise<Served> {
    return this.relay(call, exchange);
  }

  @Serves(routes.authorize)
  authorize(@TheCall() call: Call, @TheExchange() exchange: Exchange): Promise<Served> {
    return this.relay(call, exchange);
  }

  @Serves(routes.userinfo)
  userinfo(@TheCall() call: Call, @TheExchange() exchange: Exchange): Promise<Served> {
    return this.relay(call, exchange);
  }

  @Serves(routes.logout)
  logout(@TheCall() call: Call, @TheExchange() exchange: Exchange): Promise<Served> {
    return this.relay(call, exchange);
  }

  @Serves(routes.revoke)
  revoke(@TheCall() call: Call, @TheExchange() exchange: Exchange): Promise<Served> {
    return this.relay(call, exchange);
  }

  @Serves(routes.submitDevice)
  submitDevice(@TheCall() call: Call, @TheExchange() exchange: Exchange): Promise<Served> {
    return this.relay(call, exchange);
  }

  @Serves(routes.resumeDevice)
  resumeDevice(@TheCall() call: Call, @TheExchange() exchange: Exchange): Promise<Served> {
    return this.relay(call, exchange);
  }

  @Serves(routes.submitAuthorize)
  submitAuthorize(@TheCall() call: Call, @TheExchange() exchange: Exchange): Promise<Served> {
    return this.relay(call, exchange);
  }

  @Serves(routes.resumeAuthorize)
  resumeAuthorize(@TheCall() call: Call, @TheExchange() exchange: Exchange): Promise<Served> {
    return this.relay(call, exchange);
  }

  @Serves(routes.loginPage)
  loginPage(@TheCall() call: Call, @TheExchange() exchange: Exchange): Promise<Served> {
    return this.relay(call, exchange);
  }

  @Serves(routes.submitLogin)
  submitLogin(@TheCall() call: Call, @TheExchange() exchange: Exchange): Promise<Served> {
    return this.relay(call, exchange);
  }

  @Serves(routes.submitLogout)
  submitLogout(@TheCall() call: Call, @TheExchange() exchange: Exchange): Promise<Served> {
    return this.relay(call, exchange);
  }

  @Serves(routes.confirmLogout)
  confirmLogout(@TheCall() call: Call, @TheExchange() exchange: Exchange): Promise<Served> {
    return this.relay(call, exchange);
  }

  @Serves(routes.loggedOut)
  loggedOut(@TheCall() call: Call, @TheExchange() exchange: Exchange): Promise<Served> {
    return this.relay(call, exchange);
  }

  private async relay({ context }: Call, { request, reply }: Exchange): Promise<Served> {
    const { method, url, headers, body, ip: address } = request;
    const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
    if (bytes.length > FORM_BYTES_MAX) throw new HttpRefusal(413, 'Payload Too Large');
    const seen = HEADERS.flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value] as const] : [];
    });
    const input = { method, url, headers: Object.fromEntries(seen), body: bytes.toString('utf8'), address };
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
