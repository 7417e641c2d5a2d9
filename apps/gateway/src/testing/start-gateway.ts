import 'reflect-metadata';
import { Controller, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SignJWT } from 'jose';
import type { Answer, Contract, Message } from '#bus/contract.js';
import { InProcessBus } from '#bus/in-process-bus.js';
import { InProcessStrategy } from '#bus/in-process.strategy.js';
import { InfrastructureModule } from '#bus/infrastructure.module.js';
import { MessageExceptionFilter } from '#bus/message-exception.filter.js';
import { ListRevocations, type RevocationsReply } from '#contracts/tokens.js';
import { loadEnvironment } from '#platform/environment.js';
import { Health } from '#platform/health.js';
import { urlOf } from '#platform/health-listener.js';
import { createLog, NestLog } from '#platform/logging.js';
import { Metrics } from '#platform/metrics.js';
import { GatewayModule } from '../gateway.module.js';
import { DIALECTS } from '../dialects.js';
import { createHttpAdapter } from '../edge/http-adapter.js';
import { prepareGateway } from '../prepare-gateway.js';

const SECRET = 'a secret that only tests share';

/** Lets a test's method answer a contract, with both ends' types checked. */
export const Answers =
  <Request, Reply>(contract: Contract<Request, Reply>) =>
  <Method extends (message: Message<Request>) => Answer<Reply> | Promise<Answer<Reply>>>(
    target: object,
    key: string,
    descriptor: TypedPropertyDescriptor<Method>,
  ): void => {
    MessagePattern(contract.subject)(target, key, descriptor);
  };

export const tokenOf = async (username: string, role: string, groups: readonly string[] = []): Promise<string> =>
  new SignJWT({ username, role, groups })
    .setProtectedHeader({ alg: 'HS512' })
    .setIssuer('IceProd')
    .setSubject(username)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(SECRET));

export interface RunningGateway {
  readonly url: string;
  readonly app: NestFastifyApplication;
  readonly logged: () => string;
  close(): Promise<void>;
}

@Controller()
class NoRevocations {
  @Answers(ListRevocations)
  list(): Answer<RevocationsReply> {
    return { reply: { revocations: [], cursor: { numbering: '', sequence: 0 }, isLast: true } };
  }
}

/**
 * The gateway over real HTTP, with the given controllers in the place of the services.
 *
 * @param revocations the controller that answers which tokens have been revoked
 */
export const startGateway = async (
  services: readonly Type[],
  variables: Readonly<Record<string, string>> = {},
  revocations: Type = NoRevocations,
): Promise<RunningGateway> => {
  const environment = loadEnvironment({ AUTH_SHARED_SECRET: SECRET, ...variables });
  const lines: string[] = [];
  const log = createLog({ LOG_LEVEL: 'info' }, 'gateway', { write: (line: string) => void lines.push(line) });
  const strategy = new InProcessStrategy();
  const metrics = new Metrics();
  const bus = new InProcessBus(strategy, metrics);

  @Module({ controllers: [...services, revocations] })
  class ServicesModule {}

  const app = await NestFactory.create<NestFastifyApplication>(
    {
      module: class Root {},
      imports: [
        InfrastructureModule.register({ environment, bus, log, metrics, health: new Health() }),
        GatewayModule,
        ServicesModule,
      ],
    },
    createHttpAdapter(environment, DIALECTS),
    { logger: new NestLog(log), abortOnError: false },
  );
  app.connectMicroservice({ strategy }, { inheritAppConfig: false }).useGlobalFilters(new MessageExceptionFilter(log));
  prepareGateway(app, { isEmbedded: true });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  return {
    url: urlOf(app.getHttpServer().address()),
    app,
    logged: () => lines.join(''),
    close: () => app.close(),
  };
};
