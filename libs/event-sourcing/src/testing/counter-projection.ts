import type { DatabaseSync } from 'node:sqlite';
import { DomainError } from '#platform/domain-error.js';
import type { MessageContext } from '#bus/contract.js';
import type { Decision, MailboxCommand } from '../command.js';
import type { AppliedEvent, Projection } from '../projection.js';

/** A counter per stream, the smallest thing that can be counted twice or not at all. */
export const counters: Projection = {
  name: 'counters',
  version: 1,
  streamPrefixes: ['work-'],
  tables: `
    CREATE TABLE counter (stream TEXT PRIMARY KEY, total INTEGER NOT NULL, events INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE addition (stream TEXT, revision INTEGER, amount INTEGER, PRIMARY KEY (stream, revision)) WITHOUT ROWID;
  `,
  indexes: 'CREATE INDEX addition_amount ON addition (amount)',
  attach: (database) => {
    const add = database.prepare(
      `INSERT INTO counter (stream, total, events) VALUES (?, ?, 1)
       ON CONFLICT DO UPDATE SET total = total + excluded.total, events = events + 1`,
    );
    let unforeseen = false;
    const insert = database.prepare('INSERT INTO addition (stream, revision, amount) VALUES (?, ?, ?)');
    return {
      apply: ({ stream, revision, type, data }: AppliedEvent) => {
        if (type === 'Exploded') throw new Error('This event was not foreseen');
        unforeseen ||= type === 'ExplodedLate';
        if (type === 'Counted') add.run(stream, Number(data['amount']));
        if (type === 'Counted') insert.run(stream, revision, Number(data['amount']));
      },
      flush: () => {
        if (unforeseen) throw new Error('This event was not foreseen at the end of the transaction');
      },
      forget: () => {
        unforeseen = false;
      },
    };
  },
};

export const totalOf = (database: DatabaseSync, stream: string): number =>
  Number(database.prepare('SELECT total FROM counter WHERE stream = ?').get(stream)?.['total'] ?? 0);

/** Everything that a read-model file holds, the runner's own tables aside: equal dumps are equal models. */
export const dump = (database: DatabaseSync): unknown => {
  const objects = database
    .prepare("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'model_%' AND sql IS NOT NULL ORDER BY name")
    .all();
  return objects.map(({ name, sql }) => [
    name,
    sql,
    String(sql).startsWith('CREATE TABLE')
      ? database.prepare(`SELECT * FROM "${String(name)}" ORDER BY 1, 2`).all()
      : [],
  ]);
};

export const contextOf = (commandId?: string, requestHash?: string): MessageContext => ({
  correlationId: 'test',
  ...(commandId === undefined ? {} : { commandId }),
  ...(requestHash === undefined ? {} : { requestHash }),
  deadlineMs: Date.now() + 60_000,
  dialect: 'iceprod',
  caller: { subject: 'alice', username: 'alice', roles: [], groups: [] },
});

export const commandOf = <Reply>(
  decide: MailboxCommand<Reply>['decide'],
  commandId?: string,
  requestHash?: string,
): MailboxCommand<Reply> => ({
  context: contextOf(commandId, requestHash),
  timeMicros: 1_700_000_000_000_000,
  decide,
});

/** Adds to a counter; the reply is what the counter then shows. A counter never falls below zero. */
export const count = (database: DatabaseSync, stream: string, amount: number) => (): Decision<{ total: number }> => {
  const total = totalOf(database, stream) + amount;
  if (total < 0) return new DomainError('state', 'counter.negative', `${stream} cannot fall to ${total}`);
  return { events: [{ stream, type: 'Counted', data: { amount } }], reply: { total } };
};
