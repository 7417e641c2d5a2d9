import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { type FastifyInstance, fastify } from 'fastify';
import type { HttpAdapterHost } from '@nestjs/core';
import { memoryLog } from '#bus/testing/serve-module.js';
import type { Bus } from '#bus/bus.js';
import type { FeedEntry, FeedPage } from '#contracts/feed.js';
import { HISTORY_START } from '#event-sourcing/history-cursor.js';
import { eventually } from '#platform/testing/eventually.js';
import type { Authentication } from '../edge/authentication.js';
import { FeedFollowers } from './feed-followers.js';
import { FeedTail } from './feed-tail.js';
import { StreamConnections } from './stream-connections.js';

const PAGE_ENTRIES = 4;
const TEXT = JSON.stringify({ text: 'x'.repeat(16 * 1024) });
/** More than the buffers of a connection hold. */
const BUFFERED_PAGES_MAX = 400;
/** Longer than a client may read nothing. */
const LONG_MS = 200_000;
/** Shorter than it may. */
const STEP_MS = 50_000;

const entry = (at: number): FeedEntry => ({
  ...{ cursor: String(at), stream: 'work-iceprod.main.a', type: 'UnitFailed', readers: 'everyone' },
  ...{ text: TEXT, entities: [], units: [], groups: [], documents: [] },
});

/** A history without an end: what is new is far ahead, so that every follower has to catch up, page by page. */
class EndlessHistory {
  pages = 0;

  request(
    _contract: unknown,
    { after, filter }: { readonly after?: string; readonly filter?: object },
  ): Promise<FeedPage> {
    if (filter === undefined) return Promise.resolve({ entries: [], upTo: '1000000000' });
    this.pages += 1;
    const first = Number(after) + 1;
    const entries = Array.from({ length: PAGE_ENTRIES }, (_, index) => entry(first + index));
    return Promise.resolve({ entries, upTo: String(first + PAGE_ENTRIES - 1) });
  }
}

describe('a follower of the feed', () => {
  const caller = { subject: 'alice', username: 'alice', roles: ['user'], groups: [] };
  let history: EndlessHistory;
  let server: FastifyInstance;

  const follow = async (): Promise<IncomingMessage> => {
    const request = get({ port: (server.server.address() as AddressInfo).port, host: '127.0.0.1', agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response.on('error', () => undefined);
  };

  const connections = (): Promise<number> =>
    new Promise((settle, refuse) => {
      server.server.getConnections((error, count) => {
        if (error === null) settle(count);
        else refuse(error);
      });
    });

  /** Pages that were read for followers when no more is. */
  const pagesInAll = async (): Promise<number> => {
    for (;;) {
      const before = history.pages;
      await delay(300);
      if (before > 0 && before === history.pages) return before;
    }
  };

  beforeEach(async () => {
    history = new EndlessHistory();
    server = fastify();
    const bus = history as unknown as Bus;
    const adapter = { httpAdapter: { getInstance: () => server } } as unknown as HttpAdapterHost;
    const streams = new StreamConnections({} as Authentication, adapter);
    streams.onModuleInit();
    const followers = new FeedFollowers(bus, new FeedTail(bus, memoryLog().log), streams);
    server.get('/', (_request, reply) => {
      const told = followers.follow({ filter: [], after: HISTORY_START, caller }, reply);
      return reply.send(Readable.from(told, { objectMode: false }));
    });
    await server.listen({ port: 0, host: '127.0.0.1' });
  });

  afterEach(async () => {
    jest.useRealTimers();
    await server.close();
  });

  it('is told at once where it begins, so that it misses nothing when its connection breaks before the first event', async () => {
    const reader = await follow();
    const [begin] = (await once(reader, 'data')) as [Buffer];
    expect(begin.toString()).toMatch(/^retry: \d+\nid: 0\n\n/);
    reader.destroy();
    await eventually(connections, 0);
  });

  it('that reads nothing makes nothing be read that its connection does not take, and is dropped after a while', async () => {
    jest.useFakeTimers({
      doNotFake: [
        'Date',
        'hrtime',
        'nextTick',
        'queueMicrotask',
        'setImmediate',
        'clearImmediate',
        'setTimeout',
        'clearTimeout',
      ],
    });
    const [reader, sleeper] = [await follow(), await follow()];
    const stalled = await pagesInAll();
    expect(stalled).toBeLessThan(2 * BUFFERED_PAGES_MAX);
    let bytes = 0;
    reader.on('data', (chunk: Buffer) => (bytes += chunk.length));
    await eventually(() => history.pages > stalled + BUFFERED_PAGES_MAX, true);
    expect(bytes).toBeGreaterThan(0);
    expect(await connections()).toBe(2);
    for (let passedMs = 0; passedMs < LONG_MS; passedMs += STEP_MS) {
      const before = history.pages;
      jest.advanceTimersByTime(STEP_MS);
      // Who reads is told more meanwhile.
      await eventually(() => history.pages > before + 1, true);
    }
    await eventually(connections, 1);
    expect(sleeper.complete).toBe(false);
    reader.destroy();
    await eventually(connections, 0);
    const all = history.pages;
    await delay(300);
    expect(history.pages).toBe(all);
  });
});
