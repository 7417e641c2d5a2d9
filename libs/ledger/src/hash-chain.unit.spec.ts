import { createHash } from 'node:crypto';
import { assertChainable, eventHash, GENESIS } from './hash-chain.js';

const event = { stream: 'work-a', revision: 3, type: 'UnitClaimed', id: 'id', data: '{"é":1}', metadata: '{}' };

describe('eventHash', () => {
  it('is SHA-256 over previous hash and fields, a line each, in UTF-8', () => {
    const text = `${GENESIS}\nwork-a\n3\nUnitClaimed\nid\n{"é":1}\n{}`;
    expect(eventHash(GENESIS, event)).toBe(createHash('sha256').update(text, 'utf8').digest('hex'));
  });

  it('changes with each field', () => {
    const changed = [
      eventHash('1'.repeat(64), event),
      eventHash(GENESIS, { ...event, stream: 'work-b' }),
      eventHash(GENESIS, { ...event, revision: 4 }),
      eventHash(GENESIS, { ...event, type: 'UnitFailed' }),
      eventHash(GENESIS, { ...event, id: 'other' }),
      eventHash(GENESIS, { ...event, data: '{"é":2}' }),
      eventHash(GENESIS, { ...event, metadata: '{"actor":"alice"}' }),
    ];
    expect(new Set([...changed, eventHash(GENESIS, event)]).size).toBe(changed.length + 1);
  });
});

describe('assertChainable', () => {
  it('refuses names of more than one line', () => {
    expect(() => assertChainable('work-a', 'UnitClaimed', 'id')).not.toThrow();
    expect(() => assertChainable('work-a\n3', 'UnitClaimed', 'id')).toThrow(TypeError);
    expect(() => assertChainable('work-a', 'Unit\nClaimed', 'id')).toThrow(TypeError);
    expect(() => assertChainable('work-a', 'UnitClaimed', '\n')).toThrow(TypeError);
  });
});
