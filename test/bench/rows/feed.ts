import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { startNatsServer } from '#bus/testing/nats-server.js';
import { startEmbedded, startOver } from '../../harness/cairn-process.js';
import { startSecuredBroker } from '../../harness/secured-broker.js';
import { addDataset, addUnits, classes, senderOf, taskIds } from '../subject.js';
import type { Settings } from '../settings.js';
import { figure, percentile, type Row, under } from '../table.js';
import { compare, startEcho, startHello } from '../yardstick.js';

const UNITS = 10_000;
const JETSTREAM_RATIO = 10_000;
const FOLLOWERS = 1_000;
/** Of the followers, so many read what they get; the others take it and throw it away. */
const READERS = 10;
const CHANGES_PER_SECOND = 50;
const FOLLOWERS_RATIO = 40_000;

const ADMINISTRATOR = 'password of the administrator';

/** How late events came, in seconds: 99 of 100 were not later. */
class Lags {
  private readonly seconds: number[] = [];

  /** @param time when the change was made, as CloudEvents have it */
  add(time: string): void {
    this.seconds.push((performance.timeOrigin + performance.now() - Date.parse(time)) / 1000);
  }

  get count(): number {
    return this.seconds.length;
  }

  p99(): number {
    return percentile(this.seconds, 0.99);
  }
}

const lagRow = (what: string, lags: Lags, yardstickSeconds: number, reach: number, name: 'echo' | 'hello'): Row => ({
  what,
  figure: figure(lags.p99() * 1000, 'ms'),
  ...under(lags.p99() / yardstickSeconds, reach, name),
  ...(lags.count === 0 && { void: 'no events came' }),
});

/** By JetStream, while 32 connections change units as fast as they can. */
const atFullLoad = async ({ seconds, environment }: Settings): Promise<readonly Row[]> => {
  const nats = await startNatsServer();
  const echo = await startEcho(nats.url, seconds);
  const broker = await startSecuredBroker({ administrator: ADMINISTRATOR });
  const running = await startOver(broker, environment);
  const connection = await connect({
    ...{ servers: `127.0.0.1:${broker.port}`, user: 'administrator', pass: ADMINISTRATOR, tls: { caFile: broker.ca } },
  });
  try {
    const cairn = await senderOf(running);
    const dataset = await addDataset(cairn, 'followed');
    await addUnits(cairn, dataset, classes(1, 'idle'), UNITS);
    const { ids, file } = await taskIds(cairn, dataset);
    const token = await running.token({ username: 'alice', roles: ['user'], groups: ['simprod'] });
    const lags = new Lags();
    const consumer = await jetstream(connection).consumers.get('CAIRN_EVENTS', { deliver_policy: DeliverPolicy.New });
    const messages = await consumer.consume();
    const reading = (async () => {
      for await (const message of messages) lags.add(message.json<{ readonly time: string }>().time);
    })();
    const change = await compare({
      yardstick: echo,
      load: {
        ...{ url: running.url, token, args: [file, `/datasets/${dataset}/tasks/`], seconds, connections: 32 },
        script: 'change.lua',
      },
      prepare: async () => {
        await cairn.ask('POST', `/datasets/${dataset}/task_actions/bulk_status/idle`, { tasks: ids });
      },
    });
    await messages.close();
    await reading;
    const what = `over NATS: lag of the feed, 99 of 100 events, at ${figure(change.ours.perSecond, 'changes/s')}`;
    return [{ ...lagRow(what, lags, 1 / change.yardstickPerSecond, JETSTREAM_RATIO, 'echo') }];
  } finally {
    await connection.close();
    await running.remove();
    await echo.stop();
    await nats.remove();
  }
};

/** Resolves when the stream has begun. */
const follow = (url: string, token: string, onTime?: (time: string) => void): Promise<() => void> =>
  new Promise((settle, refuse) => {
    const request = get(`${url}/cairn/events`, { agent: false, headers: { authorization: `bearer ${token}` } });
    request.once('error', refuse);
    request.once('response', (response) => {
      let rest = '';
      response.on('error', () => undefined);
      response.on('data', (chunk: Buffer) => {
        if (onTime === undefined) return;
        const frames = `${rest}${chunk.toString()}`.split('\n\n');
        rest = frames.pop() ?? '';
        for (const frame of frames) {
          const time = /"time":"([^"]+)"/.exec(frame)?.[1];
          if (time !== undefined) onTime(time);
        }
      });
      settle(() => request.destroy());
    });
  });

/** Over HTTP, with many followers of everything. */
const withFollowers = async ({ seconds, environment }: Settings): Promise<readonly Row[]> => {
  const hello = await startHello(seconds);
  const running = await startEmbedded(environment);
  const followers: (() => void)[] = [];
  try {
    const cairn = await senderOf(running);
    const dataset = await addDataset(cairn, 'followed');
    await addUnits(cairn, dataset, classes(1, 'idle'), UNITS);
    const { ids } = await taskIds(cairn, dataset);
    const token = await running.token({ username: 'root', roles: ['admin'] });
    const lags = new Lags();
    for (let number = 0; number < FOLLOWERS; number += 1) {
      followers.push(await follow(running.url, token, number < READERS ? (time) => lags.add(time) : undefined));
    }
    const { seconds: yardstickSeconds } = await hello.measure();
    for (let number = 0; number < seconds * CHANGES_PER_SECOND; number += 1) {
      await cairn.ask('PUT', `/datasets/${dataset}/tasks/${ids[number] ?? ''}/status`, { status: 'waiting' });
      await delay(1000 / CHANGES_PER_SECOND);
    }
    const what = `lag of ${figure(FOLLOWERS, 'followers over HTTP')}, 99 of 100 events, ${CHANGES_PER_SECOND} changes/s`;
    return [lagRow(what, lags, yardstickSeconds, FOLLOWERS_RATIO, 'hello')];
  } finally {
    for (const end of followers) end();
    await running.remove();
    await hello.stop();
  }
};

/** How late others hear of a change. */
export const feedLag = async (settings: Settings): Promise<readonly Row[]> => [
  ...(await atFullLoad(settings)),
  ...(await withFollowers(settings)),
];
