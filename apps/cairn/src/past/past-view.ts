import { rm } from 'node:fs/promises';
import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import { Bus } from '#bus/bus.js';
import { backgroundContext } from '#bus/background-context.js';
import type { ServiceName } from '#bus/contract.js';
import type { PastAnswer, ViewOrder } from '#contracts/cairn/past-view.js';
import { ListUnitStatuses, type UnitStatuses } from '#contracts/workloads.js';
import { DomainError } from '#platform/domain-error.js';
import { Environment } from '#platform/environment.js';
import type { Log } from '#platform/logging.js';
import { claimsGranting } from '#platform/tokens/claims.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import type { Ledger, Position } from '#ledger/ledger.js';
import { PastLedger } from '#ledger/past-ledger.js';
import { DatasetsModule } from '../../../datasets/src/datasets.module.js';
import { DIALECTS } from '../../../gateway/src/dialects.js';
import { PilotsModule } from '../../../pilots/src/pilots.module.js';
import { TasksModule } from '../../../tasks/src/tasks.module.js';
import { startPast } from './start-past.js';
import { ViewAuthController } from './view-auth.controller.js';
import { whenShown } from './when-shown.js';

@Module({ controllers: [ViewAuthController] })
class ViewAuthModule {}

const SERVICES: readonly ServiceName[] = ['datasets', 'tasks', 'pilots'];

const TOKEN_SECONDS = 3600;

const FORBIDDEN = 403;

/** A view answers one question after the other, and holds each answer as a whole: nobody may keep it from the others with one. */
const ANSWER_MS_MAX = 30_000;
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;

/** Streams of events have no end. */
const EVENT_STREAM = 'text/event-stream';

/** In whose name a view asks its services. */
const ACTOR = 'cairn-past';

/** Requests come from the process itself, so what they say of a certificate is believed. */
const CERTIFICATES = {
  PANDA_CERTIFICATE_PROXIES: ['loopback'],
  PANDA_CERTIFICATE_HEADERS: new Environment().PANDA_CERTIFICATE_HEADERS,
};

/** The rule of today has let the caller in; with this role the rule of then does not matter. */
const TRUSTED_ROLE = 'system';

type Ask = Extract<ViewOrder, { kind: 'ask' }>;

/** Lets only requests through that the caller could make of the dialect, whatever the trusted role may do. */
class RouteGuard {
  private current: { readonly asked: Ask; isRefused: boolean } | undefined;

  /** @throws DomainError when the request was not let through */
  async during<Result>(asked: Ask, request: () => Promise<Result>): Promise<Result> {
    const current = { asked, isRefused: false };
    this.current = current;
    const result = await request();
    if (!current.isRefused) return result;
    const expected = `the path of a GET route of ${asked.dialect} that your roles suffice for, and no stream of events`;
    throw new DomainError('invalid', 'past.path', `path is "${asked.url}"; expected ${expected}`);
  }

  readonly check: onRequestHookHandler = ({ route, routeOptions }, reply, done) => {
    const { dialect, caller } = this.current?.asked ?? {};
    const { policy } = route ?? {};
    const suffices =
      // It judges for itself, by headers that name the caller.
      routeOptions.config.protocol !== undefined ||
      policy === 'public' ||
      policy?.anyToken === true ||
      (policy?.own === undefined && caller?.roles.some((role) => policy?.roles.includes(role)) === true);
    const ends = route?.contentType?.startsWith(EVENT_STREAM) !== true;
    if (route?.dialect === dialect && suffices && ends) done();
    else {
      if (this.current !== undefined) this.current.isRefused = true;
      void reply.code(FORBIDDEN).send('');
    }
  };
}

/** Where a view is made. */
export interface ViewPlace {
  readonly present: Ledger;
  readonly folder: string;
  /** Of the Cairn whose past it is. */
  readonly environment: Environment;
  readonly log: Log;
  readonly answerBytesMax?: number;
}

/** Some streams of the ledger as they were at a moment, with the services and the gateway on them. */
export class PastView {
  /**
   * The whole ledger stays open; the folder is removed with the view.
   */
  static async open(
    { streams, until }: { readonly streams: readonly string[]; readonly until: Position },
    { present, folder, environment, log, answerBytesMax = ANSWER_BYTES_MAX }: ViewPlace,
  ): Promise<PastView> {
    const ledger = new PastLedger(present, until, streams);
    const guard = new RouteGuard();
    const app = await startPast({
      ledger,
      // All tokens that come are the view's own, for nobody else.
      environment: Object.assign(new Environment(), environment, { OIDC_AUDIENCE: undefined, ...CERTIFICATES }),
      folder,
      services: [DatasetsModule, TasksModule, PilotsModule, ViewAuthModule],
      log,
      refusal: 'This is the past: nothing can be changed',
      guard: guard.check,
    });
    await whenShown(app.get(Bus), SERVICES, until);
    return new PastView(app, ledger, folder, guard, await SigningKey.open(folder), answerBytesMax);
  }

  private readonly server: FastifyInstance;

  private constructor(
    private readonly app: NestFastifyApplication,
    private readonly ledger: PastLedger,
    readonly folder: string,
    private readonly guard: RouteGuard,
    private readonly key: SigningKey,
    private readonly answerBytesMax: number,
  ) {
    this.server = app.getHttpAdapter().getInstance();
  }

  async raise(until: Position): Promise<void> {
    this.ledger.raise(until);
    await whenShown(this.app.get(Bus), SERVICES, until);
  }

  /**
   * Asks as the caller, whose roles must suffice for the route.
   *
   * @throws DomainError `invalid` for a path that cannot be asked for, or whose answer is too large; `unavailable` when it takes too long
   */
  async ask(asked: Ask): Promise<PastAnswer> {
    const named = DIALECTS.of(asked).past?.headersOf?.(asked.caller) ?? (await this.tokenFor(asked.caller));
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    try {
      return await this.guard.during(asked, () => this.get(asked.url, { host: 'localhost', ...named }, signal));
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new DomainError('unavailable', 'past.slow', `${asked.url} takes longer than ${ANSWER_MS_MAX / 1000} s`);
    }
  }

  private async get(url: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<PastAnswer> {
    const answer = await this.server.inject({ method: 'GET', url, headers, signal, payloadAsStream: true });
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of answer.stream() as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes <= this.answerBytesMax) continue;
      answer.raw.res.destroy();
      const message = `path is "${url}", whose answer has more than ${this.answerBytesMax} bytes; ask for a page of it`;
      throw new DomainError('invalid', 'past.too-large', message);
    }
    const contentType = answer.headers['content-type']?.toString() ?? '';
    return { status: answer.statusCode, contentType, body: Buffer.concat(chunks).toString() };
  }

  /** The next units with their statuses. */
  statuses({ ref, behind }: Extract<ViewOrder, { kind: 'statuses' }>): Promise<UnitStatuses> {
    const request = { workload: ref, ...(behind !== undefined && { behind }) };
    return this.app.get(Bus).request(ListUnitStatuses, request, backgroundContext('cairn', ACTOR));
  }

  async close(): Promise<void> {
    await this.app.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async tokenFor(caller: Ask['caller']): Promise<Readonly<Record<string, string>>> {
    const claims = claimsGranting({ ...caller, roles: [...new Set([...caller.roles, TRUSTED_ROLE])] });
    return { authorization: `Bearer ${await this.key.sign(claims, TOKEN_SECONDS)}` };
  }
}
