import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Abstract, INestMicroservice, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { loadEnvironment } from '#platform/environment.js';
import { Health } from '#platform/health.js';
import { createLog, NestLog } from '#platform/logging.js';
import { Metrics } from '#platform/metrics.js';
import { SqliteLedger } from '#ledger/sqlite-ledger.js';
import type { Bus } from '#bus/bus.js';
import type { Caller, Contract } from '#bus/contract.js';
import { InProcessBus } from '#bus/in-process-bus.js';
import { InProcessStrategy } from '#bus/in-process.strategy.js';
import { InfrastructureModule } from '#bus/infrastructure.module.js';
import { MessageExceptionFilter } from '#bus/message-exception.filter.js';

/** One service as it runs in embedded Cairn, on a real ledger in a temporary folder. */
export class ServiceHost {
  readonly folder = mkdtempSync(join(tmpdir(), 'cairn-service-'));
  private running: { readonly app: INestMicroservice; readonly bus: Bus; readonly ledger: SqliteLedger } | undefined;

  constructor(
    private readonly module: Type,
    private readonly variables: Readonly<Record<string, string>> = {},
  ) {}

  async start(): Promise<void> {
    const environment = loadEnvironment({
      ...{ CAIRN_DATA_DIR: this.folder, LOG_LEVEL: 'warn', CAIRN_AUTOMATION: 'off' },
      ...this.variables,
    });
    const log = createLog(environment, 'test');
    const ledger = await SqliteLedger.open(join(this.folder, 'ledger.sqlite'));
    const strategy = new InProcessStrategy();
    const bus = new InProcessBus(strategy);
    const infrastructure = { environment, ledger, bus, log, metrics: new Metrics(), health: new Health() };
    const app = await NestFactory.createMicroservice(
      { module: this.module, imports: [InfrastructureModule.register(infrastructure)] },
      { strategy, logger: new NestLog(log), abortOnError: false },
    );
    app.useGlobalFilters(new MessageExceptionFilter(log));
    await app.listen();
    this.running = { app, bus, ledger };
  }

  /** Sends a message as the gateway would, but waits for no other service. */
  request<Request, Reply>(
    contract: Contract<Request, Reply>,
    request: Request,
    caller: Caller,
    commandId: string = randomUUID(),
  ): Promise<Reply> {
    const context = { correlationId: 'test', commandId, deadlineMs: Date.now() + 10_000, dialect: 'iceprod', caller };
    return this.current.bus.request({ ...contract, visibleIn: [] }, request, context);
  }

  /** Something that the service is made of, for what no message starts. */
  part<Part>(type: Type<Part> | Abstract<Part>): Part {
    return this.current.app.get(type);
  }

  get ledger(): SqliteLedger {
    return this.current.ledger;
  }

  /** Ends the service as a signal would. */
  async stop(): Promise<void> {
    const { app, ledger } = this.current;
    this.running = undefined;
    await app.close();
    await ledger.close();
  }

  /** Starts again, the tables made from the ledger. */
  async rebuild(): Promise<void> {
    await this.stop();
    rmSync(join(this.folder, 'read-models'), { recursive: true });
    await this.start();
  }

  async end(): Promise<void> {
    if (this.running !== undefined) await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get current(): NonNullable<typeof this.running> {
    if (this.running === undefined) throw new Error('The service does not run');
    return this.running;
  }
}
