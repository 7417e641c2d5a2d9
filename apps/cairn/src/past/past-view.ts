import { rm } from 'node:fs/promises';
import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import { InProcessStrategy } from '#bus/in-process.strategy.js';
import type { PastAnswer, ViewOrder } from '#contracts/cairn/past-view.js';
import { DomainError } from '#platform/domain-error.js';
import { Environment } from '#platform/environment.js';
import type { Log } from '#platform/logging.js';
import { claimsGranting } from '#platform/tokens/claims.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import type { Position } from '#ledger/ledger.js';
import type { BlobStore } from '#storage/blob-store.js';
import type { Forgetful } from '../../../gateway/src/dialect.js';
import { DIALECTS } from '../../../gateway/src/dialects.js';
import { type Moment, READ_ONLY } from './moment.js';
import { startPast } from './start-past.js';
import { ViewAuthController } from './view-auth.controller.js';

@Module({ controllers: [ViewAuthController] })
class ViewAuthModule {}

/** Has questions answered by the services of a moment, but for those that the view answers itself. */
class MomentStrategy extends InProcessStrategy {
  moment: Moment | undefined;

  override handle(...message: Parameters<InProcessStrategy['handle']>): ReturnType<InProcessStrategy['handle']> {
    return super.handle(...message) ?? this.moment?.strategy.handle(...message);
  }
}

const TOKEN_SECONDS = 3600;

const FORBIDDEN = 403;

/** A view answers one question after the other, and holds each answer as a whole: nobody may keep it from the others with one. */
const ANSWER_MS_MAX = 30_000;
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;

/** Streams of events have no end. */
const EVENT_STREAM = 'text/event-stream';

/** Requests come from the process itself, so what they say of a certificate is believed. */
const CERTIFICATES = {
  PANDA_CERTIFICATE_PROXIES: ['loopback'],
  PANDA_CERTIFICATE_HEADERS: new Environment().PANDA_CERTIFICATE_HEADERS,
};

/** The rule of today has let the caller in; with this role the rule of then does not matter. */
const TRUSTED_ROLE = 'system';

type Ask = Pick<Extract<ViewOrder, { kind: 'ask' }>, 'dialect' | 'url' | 'caller'>;

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
  /** A data folder of its own, which is removed with it. */
  readonly folder: string;
  /** Of the Cairn whose past it shows. */
  readonly environment: Environment;
  readonly blobs: BlobStore;
  readonly log: Log;
  readonly answerBytesMax?: number;
}

/** The gateway, for one moment after the other. */
export class PastView {
  static async open({
    folder,
    environment,
    blobs,
    log,
    answerBytesMax = ANSWER_BYTES_MAX,
  }: ViewPlace): Promise<PastView> {
    // All tokens that come are the view's own, for nobody else.
    const own = { OIDC_AUDIENCE: undefined, ...CERTIFICATES };
    const guard = new RouteGuard();
    const strategy = new MomentStrategy();
    const app = await startPast({
      environment: Object.assign(new Environment(), environment, own),
      ...{ folder, blobs, services: [ViewAuthModule], strategy, log, refusal: READ_ONLY, guard: guard.check },
    });
    return new PastView(app, strategy, folder, guard, await SigningKey.open(folder), answerBytesMax);
  }

  private readonly server: FastifyInstance;
  private readonly copies: readonly Forgetful[];
  private shown: { readonly moment: Moment; readonly position: Position } | undefined;

  private constructor(
    private readonly app: NestFastifyApplication,
    private readonly strategy: MomentStrategy,
    private readonly folder: string,
    private readonly guard: RouteGuard,
    private readonly key: SigningKey,
    private readonly answerBytesMax: number,
  ) {
    this.server = app.getHttpAdapter().getInstance();
    const types = DIALECTS.dialects.flatMap(({ past }) => past?.copies ?? []);
    this.copies = types.map((type) => app.get(type, { strict: false }));
  }

  /** Its services answer what is asked from now on. */
  show(moment: Moment): void {
    const { position } = moment;
    if (this.shown?.moment === moment && this.shown.position === position) return;
    this.shown = { moment, position };
    this.strategy.moment = moment;
    for (const copy of this.copies) copy.forget();
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

  async close(): Promise<void> {
    await this.app.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async tokenFor(caller: Ask['caller']): Promise<Readonly<Record<string, string>>> {
    const claims = claimsGranting({ ...caller, roles: [...new Set([...caller.roles, TRUSTED_ROLE])] });
    return { authorization: `Bearer ${await this.key.sign(claims, TOKEN_SECONDS)}` };
  }
}
