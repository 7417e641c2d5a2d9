import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { DomainError } from '#platform/domain-error.js';
import { EVENT_BYTES_MAX, type NewEvent, NO_STREAM } from '#ledger/ledger.js';
import { LedgerUnavailable, OutcomeUnknown } from '#ledger/errors.js';
import { BATCH_ABANDONED, BATCH_SEALED } from '#ledger/staged-batch.js';
import { commandOf, contextOf, count, dump, totalOf } from './testing/counter-projection.js';
import { Mailbox } from './mailbox.js';
import { type Service, TestServices } from './testing/test-services.js';

const STREAM = 'work-iceprod.main.a';
const OTHER = 'work-iceprod.main.b';

const counted = (amount: number): NewEvent => ({
  id: randomUUID(),
  type: 'Counted',
  data: { amount },
  metadata: { timeMicros: 1, actor: 'bob', dialect: 'iceprod', correlationId: 'c', causationId: 'c', schemaVersion: 1 },
});

describe('Mailbox', () => {
  let services: TestServices;
  let service: Service;
  const add = (
    amount: number,
    { stream = STREAM, commandId, requestHash }: { stream?: string; commandId?: string; requestHash?: string } = {},
  ) => service.mailbox.execute(commandOf(count(service.readModel.writer, stream, amount), commandId, requestHash));

  beforeEach(async () => {
    services = await TestServices.open();
    service = await services.start('tasks');
  });

  afterEach(() => services.close());

  it('answers with the position of an event that is durable and visible', async () => {
    const answer = await add(3);
    expect(answer).toEqual({ reply: { total: 3 }, position: await services.ledger.head() });
    expect(totalOf(service.readModel.queries, STREAM)).toBe(3);
    expect(await services.ledger.readStream(STREAM)).toHaveLength(1);
  });

  it('names a full disk, whenever it was noticed', async () => {
    const full = 'Error: database or disk is full';
    const { intercept } = services.serviceLedger;
    for (const [fault, code] of [
      [new LedgerUnavailable(STREAM, `it cannot be written: ${full}`), 'mailbox.no-ledger'],
      [new OutcomeUnknown(STREAM, new Error(`the commit failed: ${full}`)), 'mailbox.outcome-unknown'],
    ] as const) {
      services.serviceLedger.intercept = () => Promise.reject(fault);
      const message = expect.stringMatching(/: the disk is full$/) as unknown;
      expect(await add(1)).toMatchObject({ error: { code, message } });
    }
    services.serviceLedger.intercept = intercept;
    expect(await add(1)).toMatchObject({ reply: { total: 1 } });
  });

  it('records who, when and why', async () => {
    const commandId = randomUUID();
    await add(1, { commandId });
    const [event] = await services.ledger.readStream(STREAM);
    expect(JSON.parse(event?.metadata ?? '')).toMatchObject({
      timeMicros: 1_700_000_000_000_000,
      actor: 'alice',
      dialect: 'iceprod',
      correlationId: 'test',
      causationId: commandId,
      schemaVersion: 1,
    });
  });

  it('decides each command on the effects of those before it, and appends them together', async () => {
    const appends: number[] = [];
    services.serviceLedger.intercept = (append, stream, revision, events) => {
      appends.push(events.length);
      return append(stream, revision, events);
    };
    const answers = await Promise.all([add(1), add(2), add(3)]);
    expect(answers).toMatchObject([{ reply: { total: 1 } }, { reply: { total: 3 } }, { reply: { total: 6 } }]);
    expect(appends).toEqual([3]);
  });

  it('reports how many commands a drain had, and how long the ledger took for it', async () => {
    const { readModel, keyValueStore } = service;
    const drains: number[] = [];
    const appends: number[] = [];
    const meter = {
      drained: (commands: number) => void drains.push(commands),
      appended: (seconds: number) => void appends.push(seconds),
    };
    const mailbox = new Mailbox({ readModel, ledger: services.ledger, keyValueStore, meter });
    const run = (amount: number) => mailbox.execute(commandOf(count(readModel.writer, STREAM, amount)));
    await Promise.all([run(1), run(2), run(-9)]);
    await run(-9);
    await mailbox.close();
    expect(drains).toEqual([3, 1]);
    expect(appends).toEqual([expect.any(Number)]);
  });

  it('drops only the command that is refused', async () => {
    const answers = await Promise.all([add(1), add(-5), add(2)]);
    expect(answers).toMatchObject([
      { reply: { total: 1 } },
      { error: { kind: 'state', code: 'counter.negative' } },
      { reply: { total: 3 } },
    ]);
  });

  it('drops only the command that throws', async () => {
    const broken = service.mailbox.execute(
      commandOf(() => {
        throw new Error('A fault in a decider');
      }),
    );
    const answers = await Promise.all([add(1), broken, add(2)]);
    expect(answers).toMatchObject([{ reply: { total: 1 } }, { error: { kind: 'internal' } }, { reply: { total: 3 } }]);
  });

  it.each([
    ['applied', 'Exploded'],
    ['written at the end of the transaction', 'ExplodedLate'],
  ])('drops only the command whose event cannot be %s', async (_, type) => {
    const broken = service.mailbox.execute(
      commandOf(() => ({ events: [{ stream: STREAM, type, data: {} }], reply: {} })),
    );
    const answers = await Promise.all([add(1), broken, add(2)]);
    expect(answers).toMatchObject([{ reply: { total: 1 } }, { error: { kind: 'internal' } }, { reply: { total: 3 } }]);
    expect(await services.ledger.readStream(STREAM)).toHaveLength(2);
  });

  it('shows nothing before it is durable', async () => {
    let shownDuringAppend: number | undefined;
    services.serviceLedger.intercept = (append, ...parameters) => {
      shownDuringAppend = totalOf(service.readModel.queries, STREAM);
      return append(...parameters);
    };
    await add(7);
    expect(shownDuringAppend).toBe(0);
    expect(totalOf(service.readModel.queries, STREAM)).toBe(7);
  });

  describe('when commands come while others are appended', () => {
    let later: Promise<unknown> | undefined;
    const duringAppend = (come: () => Promise<unknown>): string[] => {
      const order: string[] = [];
      later = undefined;
      services.serviceLedger.intercept = (append, ...parameters) => {
        order.push('append');
        later ??= come();
        return append(...parameters);
      };
      return order;
    };

    it('appends the events of the later ones before it answers', async () => {
      const order = duringAppend(() => add(2));
      // A busy machine would have the answers sent where deciding pauses.
      const now = jest.spyOn(performance, 'now').mockReturnValue(0);
      await add(1).then(() => order.push('answer'));
      now.mockRestore();
      await later;
      expect(order).toEqual(['append', 'append', 'answer']);
    });

    it('goes on where the reply to an earlier one cannot be made', async () => {
      duringAppend(() => add(2));
      const reply = (): never => {
        throw new Error('A fault in a reply');
      };
      const events = [{ stream: STREAM, type: 'Counted', data: { amount: 1 } }];
      const answer = await service.mailbox.execute(commandOf(() => ({ events, reply })));
      expect(answer).toMatchObject({ error: { code: 'mailbox.outcome-unknown' } });
      expect(await later).toMatchObject({ reply: { total: 3 } });
    });

    it('is closed only when it has answered', async () => {
      let closing: Promise<void> | undefined;
      const order = duringAppend(() => {
        const refused = add(-9);
        closing = service.mailbox.close();
        return refused;
      });
      const first = add(1).then(() => order.push('answer'));
      await new Promise<void>((resume) => {
        const look = (): void => (closing === undefined ? void setImmediate(look) : resume());
        look();
      });
      await closing;
      expect(order).toEqual(['append', 'answer']);
      await first;
    });
  });

  describe('repeats', () => {
    const commandId = randomUUID();

    it('give the first reply, and nothing is appended', async () => {
      const first = await add(1, { commandId });
      await add(1);
      expect(await add(1, { commandId })).toEqual(first);
      expect(totalOf(service.readModel.queries, STREAM)).toBe(2);
    });

    it('give the first reply while the first is under way', async () => {
      const answers = await Promise.all([add(1, { commandId }), add(1, { commandId }), add(1, { commandId })]);
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      expect(totalOf(service.readModel.queries, STREAM)).toBe(1);
    });

    it('give the first reply after a restart', async () => {
      const first = await add(1, { commandId });
      await services.stop(service);
      service = await services.start('tasks');
      expect(await add(1, { commandId })).toEqual(first);
      expect(totalOf(service.readModel.queries, STREAM)).toBe(1);
    });

    it('give the first reply when the first was appended but never answered', async () => {
      const { intercept } = services.serviceLedger;
      services.serviceLedger.intercept = async (append, ...parameters) => {
        await append(...parameters);
        throw new Error('The process dies here');
      };
      expect(await add(1, { commandId })).toMatchObject({ error: { code: 'mailbox.outcome-unknown' } });
      services.serviceLedger.intercept = intercept;
      await services.stop(service);
      service = await services.start('tasks');
      expect(await add(1, { commandId })).toEqual({ reply: { total: 1 }, position: 1 });
      expect(totalOf(service.readModel.queries, STREAM)).toBe(1);
    });

    it('are decided afresh when the first got no further than its promise', async () => {
      const { intercept } = services.serviceLedger;
      services.serviceLedger.intercept = () => Promise.reject(new LedgerUnavailable(STREAM, 'the disk is full'));
      expect(await add(1, { commandId })).toMatchObject({ error: { code: 'mailbox.no-ledger' } });
      services.serviceLedger.intercept = intercept;
      expect(await add(1, { commandId })).toMatchObject({ reply: { total: 1 } });
      expect(totalOf(service.readModel.queries, STREAM)).toBe(1);
    });

    describe('of a request that its client named', () => {
      const named = { commandId, requestHash: 'of +1' };
      const reused = { error: { kind: 'conflict', code: 'request.key-reused' } };

      it('are refused when they ask for something else, also after a restart', async () => {
        const first = await add(1, named);
        expect(await add(2, { commandId, requestHash: 'of +2' })).toMatchObject(reused);
        await services.stop(service);
        service = await services.start('tasks');
        expect(await add(2, { commandId, requestHash: 'of +2' })).toMatchObject(reused);
        expect(await add(1, named)).toEqual(first);
        expect(totalOf(service.readModel.queries, STREAM)).toBe(1);
      });

      it('are refused while the first is under way', async () => {
        const [first, other, same] = await Promise.all([
          add(1, named),
          add(2, { commandId, requestHash: 'of +2' }),
          add(1, named),
        ]);
        expect(other).toMatchObject(reused);
        expect(same).toEqual(first);
        expect(totalOf(service.readModel.queries, STREAM)).toBe(1);
      });

      it('give a first refusal again, though the command would succeed by now', async () => {
        const first = await add(-1, named);
        expect(first).toMatchObject({ error: { code: 'counter.negative' } });
        await add(5);
        expect(await add(-1, named)).toEqual(first);
        expect(await add(-2, { commandId, requestHash: 'of -2' })).toMatchObject(reused);
        expect(totalOf(service.readModel.queries, STREAM)).toBe(5);
      });

      it('give a first answer without an effect again', async () => {
        let asked = 0;
        const ask = () =>
          service.mailbox.execute(
            commandOf(() => ({ events: [], reply: { asked: (asked += 1) } }), commandId, named.requestHash),
          );
        expect(await ask()).toEqual({ reply: { asked: 1 } });
        expect(await ask()).toEqual({ reply: { asked: 1 } });
      });

      it.each(['unavailable', 'forbidden'] as const)('are decided afresh when the first was %s', async (kind) => {
        let first = true;
        const refuseOnce = () => {
          const decision = first ? new DomainError(kind, 'test.refused', 'Not now') : { events: [], reply: {} };
          first = false;
          return decision;
        };
        const ask = () => service.mailbox.execute(commandOf(refuseOnce, commandId, named.requestHash));
        expect(await ask()).toMatchObject({ error: { kind } });
        expect(await ask()).toEqual({ reply: {} });
      });
    });
  });

  describe('when another writer has appended behind its back', () => {
    it('catches up and decides again', async () => {
      await add(5);
      // The follower and the mailbox get it at the same time; whichever is first, nothing counts twice.
      const [, answer] = await Promise.all([services.ledger.append(STREAM, 0, [counted(10)]), add(1)]);
      expect(answer).toMatchObject({ reply: { total: 16 } });
      expect(totalOf(service.readModel.queries, STREAM)).toBe(16);
    });

    it('refuses what no longer holds', async () => {
      await add(5);
      const [, answer] = await Promise.all([services.ledger.append(STREAM, 0, [counted(-4)]), add(-3)]);
      expect(answer).toMatchObject({ error: { code: 'counter.negative' } });
    });

    it('keeps what succeeded in other streams', async () => {
      await services.ledger.append(STREAM, NO_STREAM, [counted(10)]);
      const answers = await Promise.all([add(1), add(2, { stream: OTHER }), add(3), add(4, { stream: OTHER })]);
      expect(answers).toMatchObject([
        { reply: { total: 11 } },
        { reply: { total: 2 } },
        { reply: { total: 14 } },
        { reply: { total: 6 } },
      ]);
      expect((await services.ledger.readStream(OTHER)).length).toBe(2);
    });

    it('answers a command over several streams with those that succeeded', async () => {
      await add(1);
      const commandId = randomUUID();
      services.serviceLedger.intercept = async (append, stream, revision, events) => {
        if (stream === STREAM) await append(stream, revision, [counted(100)]);
        return append(stream, revision, events);
      };
      const both = commandOf(
        () => ({
          events: [STREAM, OTHER].map((stream) => ({ stream, type: 'Counted', data: { amount: 1 } })),
          reply: (succeeded: ReadonlySet<string>) => [...succeeded],
        }),
        commandId,
      );
      const answer = await service.mailbox.execute(both);
      expect(answer).toMatchObject({ reply: [OTHER] });
      expect(await service.mailbox.execute(both)).toEqual(answer);
      expect([STREAM, OTHER].map((stream) => totalOf(service.readModel.queries, stream))).toEqual([101, 1]);
    });
  });

  it('sends an append again whose outcome is not known, and counts it once', async () => {
    let appends = 0;
    services.serviceLedger.intercept = async (append, ...parameters) => {
      const appended = await append(...parameters);
      if (appends++ % 2 === 0) throw new OutcomeUnknown(STREAM, new Error('The answer was lost'));
      return appended;
    };
    expect(await Promise.all([add(1), add(2)])).toMatchObject([{ reply: { total: 1 } }, { reply: { total: 3 } }]);
    expect(await add(3)).toMatchObject({ reply: { total: 6 } });
    expect(appends).toBe(4);
    expect(await services.ledger.readStream(STREAM)).toHaveLength(3);
  });

  describe('when an append stands, its answer is lost and the ledger goes away', () => {
    const resume = Promise.withResolvers<void>();
    const commandId = randomUUID();

    beforeEach(async () => {
      services.serviceLedger.delivery = resume.promise;
      services.serviceLedger.intercept = async (append, ...parameters) => {
        await append(...parameters);
        services.serviceLedger.isAway = true;
        throw new OutcomeUnknown(STREAM, new Error('The answer was lost'));
      };
      expect(await add(3, { commandId })).toMatchObject({ error: { kind: 'unavailable' } });
      services.serviceLedger.intercept = (append, ...parameters) => append(...parameters);
    });

    afterEach(() => resume.resolve());

    it('decides nothing before it can be read again, and then on what stands', async () => {
      expect(await add(1)).toMatchObject({ error: { code: 'mailbox.no-ledger' } });
      services.serviceLedger.isAway = false;
      let appends = 0;
      services.serviceLedger.intercept = (append, ...parameters) => {
        appends++;
        return append(...parameters);
      };
      expect(await add(1, { stream: OTHER })).toMatchObject({ reply: { total: 1 } });
      expect(totalOf(service.readModel.queries, STREAM)).toBe(3);
      expect(await add(1)).toMatchObject({ reply: { total: 4 } });
      expect(appends).toBe(2);
    });

    it('answers a repeat only when the tables show the change', async () => {
      services.serviceLedger.isAway = false;
      expect(await add(3, { commandId })).toMatchObject({ reply: { total: 3 } });
      expect(totalOf(service.readModel.queries, STREAM)).toBe(3);
    });
  });

  it('answers a repeat of a change that another process made only when its own tables show it', async () => {
    const resume = Promise.withResolvers<void>();
    services.serviceLedger.delivery = resume.promise;
    const commandId = randomUUID();
    const other = await services.start('auth');
    const mailbox = new Mailbox({ ...other, ledger: services.ledger, keyValueStore: service.keyValueStore });
    await mailbox.execute(commandOf(count(other.readModel.writer, STREAM, 3), commandId));
    expect(await add(3, { commandId })).toMatchObject({ reply: { total: 3 } });
    expect(totalOf(service.readModel.queries, STREAM)).toBe(3);
    await mailbox.close();
    resume.resolve();
  });

  it('refuses an event that is too large, stores nothing of it, and carries out the others', async () => {
    const large = service.mailbox.execute(
      commandOf(() => ({
        events: [{ stream: STREAM, type: 'Counted', data: { amount: 1, text: 'x'.repeat(EVENT_BYTES_MAX) } }],
        reply: {},
      })),
    );
    const answers = await Promise.all([add(1), large, add(2)]);
    expect(answers).toMatchObject([{ reply: { total: 1 } }, { error: { kind: 'too-large' } }, { reply: { total: 3 } }]);
    expect(await services.ledger.readStream(STREAM)).toHaveLength(2);
  });

  describe('a change too large for one append', () => {
    const text = 'x'.repeat(200 * 1024);
    const addMany = (times: number) =>
      service.mailbox.execute(
        commandOf(() => ({
          events: Array.from({ length: times }, () => ({ stream: STREAM, type: 'Counted', data: { amount: 1, text } })),
          reply: { times },
        })),
      );

    it('becomes a staged batch among the commands of its drain, and replays to the same tables', async () => {
      const answers = await Promise.all([add(1), addMany(12), add(1)]);
      expect(answers).toMatchObject([{ reply: { total: 1 } }, { reply: { times: 12 } }, { reply: { total: 14 } }]);
      const types = (await services.ledger.readStream(STREAM)).map(({ type }) => type);
      expect(types).toEqual([...Array<string>(13).fill('Counted'), BATCH_SEALED, 'Counted']);
      const rebuilt = await services.start('rebuilt');
      expect(dump(rebuilt.readModel.queries)).toEqual(dump(service.readModel.queries));
      expect(rebuilt.readModel.revisionOf(STREAM)).toBe(service.readModel.revisionOf(STREAM));
    });

    it('splits a drain that is too large between commands', async () => {
      const answers = await Promise.all([addMany(3), addMany(3), addMany(3)]);
      expect(answers.every((answer) => 'reply' in answer)).toBe(true);
      expect(totalOf(service.readModel.queries, STREAM)).toBe(9);
      expect((await services.ledger.readStream(STREAM)).map(({ type }) => type)).not.toContain(BATCH_SEALED);
    });

    it('has no effect until it is sealed, and the next owner abandons what is left of it', async () => {
      const { intercept } = services.serviceLedger;
      let appends = 0;
      services.serviceLedger.intercept = (append, ...parameters) =>
        ++appends <= 2 ? append(...parameters) : Promise.reject(new Error('The process dies here'));
      expect(await addMany(12)).toMatchObject({ error: { kind: 'unavailable' } });
      services.serviceLedger.intercept = intercept;
      const next = await services.start('next');
      expect(totalOf(next.readModel.queries, STREAM)).toBe(0);
      expect(await next.mailbox.execute(commandOf(count(next.readModel.writer, STREAM, 1)))).toMatchObject({
        reply: { total: 1 },
      });
      expect((await services.ledger.readStream(STREAM)).slice(-2).map(({ type }) => type)).toEqual([
        BATCH_ABANDONED,
        'Counted',
      ]);
    });
  });

  it('lets the event loop turn while a long command is decided', async () => {
    let turns = 0;
    let running = true;
    const turn = (): void => {
      turns++;
      if (running) setImmediate(turn);
    };
    setImmediate(turn);
    const answer = await service.mailbox.execute(
      commandOf(function* () {
        const before = turns;
        const giveUpMs = performance.now() + 10_000;
        while (turns < before + 3 && performance.now() < giveUpMs) yield;
        const event = { stream: STREAM, type: 'Counted', data: { amount: 1 } };
        return { events: [event], reply: { turns: turns - before } };
      }),
    );
    running = false;
    expect('reply' in answer && answer.reply.turns).toBeGreaterThanOrEqual(3);
  });

  it('refuses what comes too late, and everything after it was closed', async () => {
    const decide = () => new DomainError('internal', 'never', 'Never decided');
    const late = service.mailbox.execute({ context: { ...contextOf(), deadlineMs: 0 }, timeMicros: 1, decide });
    expect(await late).toMatchObject({ error: { code: 'mailbox.late' } });
    const last = add(1);
    await service.mailbox.close();
    expect(await last).toMatchObject({ reply: { total: 1 } });
    expect(await add(1)).toMatchObject({ error: { code: 'mailbox.closed' } });
  });
});
