import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { DomainError } from '#platform/domain-error.js';
import { currentCorrelationId } from '#platform/correlation.js';
import type { Bus } from '../bus.js';
import {
  type Answer,
  command,
  type Message,
  type MessageContext,
  type Nothing,
  type Page,
  query,
} from '../contract.js';
import { pages } from '../pages.js';
import { WaitForPosition, type PositionRequest } from '../visibility.js';

interface CountRequest {
  readonly upTo: number;
  readonly cursor?: string;
}

export const Echo = query<{ text: string }, { text: string }>('tasks', 'test.echo');
const Describe = command<Nothing, Record<string, unknown>>('tasks', 'test.describe');
/** Sent by services too. */
export const Callable = query<Nothing, Nothing>('tasks', 'test.callable', { calledBy: ['pilots'] });
/** Answers the text that it got, as {@link Echo}, and is encrypted between processes. */
export const Secret = query<{ text: string }, { text: string }>('tasks', 'test.secret', { isSealed: true });
const Refuse = query<Nothing, Nothing>('tasks', 'test.refuse');
const ThrowRefusal = query<Nothing, Nothing>('tasks', 'test.throw-refusal');
const Crash = query<Nothing, Nothing>('tasks', 'test.crash');
export const Silent = command<Nothing, Nothing>('tasks', 'test.silent');
const Nobody = query<Nothing, Nothing>('events', 'test.nobody');
const Sum = query<{ numbers: readonly number[] }, { sum: number }>('tasks', 'test.sum');
const Fill = query<{ bytes: number }, { filled: string }>('tasks', 'test.fill');
const Count = query<CountRequest, Page>('tasks', 'test.count');
const CountOfAuth = query<CountRequest, Page>('auth', 'test.count');
export const Change = command<{ position: number }, { changed: true }>('tasks', 'test.change', ['datasets', 'auth'], {
  calledBy: ['pilots'],
});
export const Look = query<Nothing, { seen: true }>('auth', 'test.look');

/** Position up to which `auth` shows what happened, at first. */
export const AUTH_SHOWS_UP_TO = 10;

/** A service waits for a change before it says that it does not show it. */
const AUTH_WAITS_MS = 400;

/** The next two numbers. */
const countedPage = ({ upTo, cursor = '0' }: CountRequest): Page => {
  const from = Number(cursor);
  const entries = [String(from), String(from + 1)].filter((entry) => Number(entry) < upTo);
  return from + 2 < upTo ? { entries, next: String(from + 2) } : { entries };
};

/** The service that the suite speaks with; one class, since the bus does not care where a handler is. */
@Controller()
export class SuiteController {
  /** Messages that `Silent` got and has not answered. */
  static readonly silent: Message<Nothing>[] = [];
  /** Position up to which `auth` shows what happened. */
  static authShowsUpTo = AUTH_SHOWS_UP_TO;
  private static readonly held: (() => void)[] = [];

  /** Lets `Silent` answer, so that nothing is in flight any more. */
  static release(): void {
    SuiteController.silent.length = 0;
    for (const answer of SuiteController.held.splice(0)) answer();
  }

  @MessagePattern(Echo.subject)
  async echo({ request }: Message<{ text: string }>): Promise<Answer<{ text: string }>> {
    await Promise.resolve();
    return { reply: request };
  }

  @MessagePattern(Callable.subject)
  callable(): Answer<Nothing> {
    return { reply: {} };
  }

  @MessagePattern(Secret.subject)
  secret({ request }: Message<{ text: string }>): Answer<{ text: string }> {
    return { reply: request };
  }

  @MessagePattern(Describe.subject)
  describe({ context }: Message<Nothing>): Answer<Record<string, unknown>> {
    return { reply: { ...context, logged: currentCorrelationId() } };
  }

  @MessagePattern(Refuse.subject)
  refuse(): Answer<Nothing> {
    return { error: new DomainError('conflict', 'test.refused', 'no, because é', { revision: 4 }).toValue() };
  }

  @MessagePattern(ThrowRefusal.subject)
  throwRefusal(): Answer<Nothing> {
    throw new DomainError('not-found', 'test.thrown', 'not here');
  }

  @MessagePattern(Crash.subject)
  crash(): Answer<Nothing> {
    throw new Error('the password is hunter2');
  }

  @MessagePattern(Silent.subject)
  silence(message: Message<Nothing>): Promise<Answer<Nothing>> {
    SuiteController.silent.push(message);
    return new Promise((resolve) => {
      SuiteController.held.push(() => resolve({ reply: {} }));
    });
  }

  @MessagePattern(Sum.subject)
  sum({ request }: Message<{ numbers: readonly number[] }>): Answer<{ sum: number }> {
    return { reply: { sum: request.numbers.reduce((sum, number) => sum + number, 0) } };
  }

  @MessagePattern(Fill.subject)
  fill({ request }: Message<{ bytes: number }>): Answer<{ filled: string }> {
    return { reply: { filled: 'é'.repeat(request.bytes / 2) } };
  }

  @MessagePattern(Count.subject)
  count({ request }: Message<CountRequest>): Answer<Page> {
    return { reply: countedPage(request) };
  }

  @MessagePattern(Change.subject)
  change({ request }: Message<{ position: number }>): Answer<{ changed: true }> {
    return { reply: { changed: true }, position: request.position };
  }
}

/** Shows everything. */
@Controller()
export class DatasetsController {
  @MessagePattern(WaitForPosition('datasets').subject)
  reached(): Answer<Nothing> {
    return { reply: {} };
  }
}

/** Shows only the oldest events. */
@Controller()
export class AuthController {
  @MessagePattern(Look.subject)
  look(): Answer<{ seen: true }> {
    return { reply: { seen: true } };
  }

  @MessagePattern(CountOfAuth.subject)
  count({ request }: Message<CountRequest>): Answer<Page> {
    return { reply: countedPage(request) };
  }

  @MessagePattern(WaitForPosition('auth').subject)
  async reached({ request }: Message<PositionRequest>): Promise<Answer<Nothing>> {
    if (request.position > SuiteController.authShowsUpTo) await delay(AUTH_WAITS_MS);
    return request.position <= SuiteController.authShowsUpTo
      ? { reply: {} }
      : { error: new DomainError('unavailable', 'test.behind', 'behind').toValue() };
  }
}

/** A message's context as tests need it, by default with more time than a slow machine takes. */
export const contextFor = (withinMs = 20_000, more: Partial<MessageContext> = {}): MessageContext => ({
  correlationId: 'correlation-1',
  deadlineMs: Date.now() + withinMs,
  dialect: 'iceprod',
  caller: { subject: 'alice', username: 'alice', roles: ['user'], groups: ['users'] },
  ...more,
});

export interface SuiteSetup {
  readonly bus: Bus;
  /** What the service logged so far, one JSON text per line. */
  readonly logged: () => string;
  readonly close: () => Promise<void>;
}

/** The suite that every transport passes. */
export const busContract = (name: string, open: () => Promise<SuiteSetup>): void => {
  describe(`Bus: ${name}`, () => {
    let setup: SuiteSetup;
    let bus: Bus;

    beforeAll(async () => {
      setup = await open();
      bus = setup.bus;
    });
    afterAll(() => setup.close());

    it('carries a request and its reply', async () => {
      await expect(bus.request(Echo, { text: 'Grüße "quoted"\n' }, contextFor())).resolves.toEqual({
        text: 'Grüße "quoted"\n',
      });
    });

    it('carries the whole context to the handler', async () => {
      const context = contextFor(undefined, { commandId: 'command-1' });
      await expect(bus.request(Describe, {}, context)).resolves.toMatchObject({ ...context });
    });

    it('rebuilds a refusal with kind, code, message and details', async () => {
      const refused = bus.request(Refuse, {}, contextFor());
      await expect(refused).rejects.toThrow(DomainError);
      await expect(refused).rejects.toMatchObject({
        kind: 'conflict',
        code: 'test.refused',
        message: 'no, because é',
        details: { revision: 4 },
      });
    });

    it('carries a refusal that was thrown like one that was returned', async () => {
      await expect(bus.request(ThrowRefusal, {}, contextFor())).rejects.toMatchObject({
        kind: 'not-found',
        code: 'test.thrown',
        message: 'not here',
      });
    });

    it('logs an unexpected failure with the correlation id and answers with a neutral text', async () => {
      const failed = bus.request(Crash, {}, contextFor(undefined, { correlationId: 'correlation-crash' }));
      await expect(failed).rejects.toMatchObject({ kind: 'internal', message: 'internal error' });
      expect(setup.logged()).toContain('hunter2');
      expect(setup.logged()).toContain('correlation-crash');
    });

    it('answers as unavailable when the deadline passes', async () => {
      await expect(bus.request(Silent, {}, contextFor(50))).rejects.toMatchObject({
        kind: 'unavailable',
        code: 'bus.no-answer',
        message: expect.stringContaining('no answer from tasks') as string,
        details: { retryAfterSeconds: 1 },
      });
    });

    it('answers as unavailable when the deadline has passed already', async () => {
      await expect(bus.request(Silent, {}, contextFor(-1))).rejects.toMatchObject({ kind: 'unavailable' });
    });

    it('answers as unavailable when nothing handles the subject', async () => {
      await expect(bus.request(Nobody, {}, contextFor(100))).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringContaining('no answer from events') as string,
      });
    });

    it('keeps the answers of many requests at once apart', async () => {
      const texts = Array.from({ length: 500 }, (_, index) => `text ${index}`);
      const replies = await Promise.all(texts.map((text) => bus.request(Echo, { text }, contextFor())));
      expect(replies.map(({ text }) => text)).toEqual(texts);
    });

    it('carries a request of several megabytes', async () => {
      const numbers = Array.from({ length: 600_000 }, (_, index) => index);
      await expect(bus.request(Sum, { numbers }, contextFor())).resolves.toEqual({ sum: (600_000 * 599_999) / 2 });
    });

    it('carries an answer of several megabytes', async () => {
      const { filled } = await bus.request(Fill, { bytes: 8 * 1024 * 1024 }, contextFor());
      expect(filled).toBe('é'.repeat(4 * 1024 * 1024));
    });

    it('follows a paged answer to its end', async () => {
      const entries: string[] = [];
      for await (const page of pages(bus, Count, { upTo: 7 }, contextFor())) entries.push(...page);
      expect(entries).toEqual(['0', '1', '2', '3', '4', '5', '6']);
    });

    it('replies to a command when the other services show it', async () => {
      await expect(bus.request(Change, { position: AUTH_SHOWS_UP_TO }, contextFor())).resolves.toEqual({
        changed: true,
      });
    });

    it('replies to a command although another service does not show it in time, and has that caller wait there', async () => {
      const bob = { subject: 'bob', username: 'bob', roles: ['user'], groups: ['users'] };
      await expect(bus.request(Change, { position: AUTH_SHOWS_UP_TO + 1 }, contextFor())).resolves.toEqual({
        changed: true,
      });
      await expect(bus.request(Look, {}, contextFor(2_000))).rejects.toMatchObject({
        kind: 'unavailable',
        // On a busy machine the service's refusal comes when the caller's deadline has passed.
        code: expect.stringMatching(/^bus\.(not-visible-yet|no-answer)$/) as string,
        details: { retryAfterSeconds: 1 },
      });
      await expect(bus.request(Look, {}, contextFor(20_000, { caller: bob }))).resolves.toEqual({ seen: true });
      const looking = bus.request(Look, {}, contextFor());
      SuiteController.authShowsUpTo = AUTH_SHOWS_UP_TO + 1;
      await expect(looking).resolves.toEqual({ seen: true });
      SuiteController.authShowsUpTo = AUTH_SHOWS_UP_TO;
      await expect(bus.request(Look, {}, contextFor())).resolves.toEqual({ seen: true });
    });

    it('goes on with an answer that has begun, although the service does not show what its caller changes meanwhile', async () => {
      const caller = { subject: 'carol', username: 'carol', roles: ['user'], groups: ['users'] };
      const entries: string[] = [];
      for await (const page of pages(bus, CountOfAuth, { upTo: 3 }, contextFor(undefined, { caller }))) {
        entries.push(...page);
        await bus.request(Change, { position: AUTH_SHOWS_UP_TO + 1 }, contextFor(undefined, { caller }));
      }
      expect(entries).toEqual(['0', '1', '2']);
    });
  });
};
