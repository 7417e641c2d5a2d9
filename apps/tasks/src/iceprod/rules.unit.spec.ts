import { DomainError } from '#platform/domain-error.js';
import { TASK_STATUSES } from '#contracts/iceprod/statuses.js';
import { offeredSite, readOffer } from './offer.js';
import { iceprodPolicy } from './policy.js';
import { readQueryParams } from './query-params.js';
import { changeRequirements, withSiteAsText } from './requirement-change.js';
import { raiseRequirements } from './requirement-raise.js';
import { mayMove } from './status-table.js';

describe('task statuses', () => {
  // Contract 7.2, row by row.
  it.each([
    ['idle', ['waiting', 'suspended']],
    ['waiting', ['queued', 'idle', 'suspended']],
    ['queued', ['processing', 'idle', 'waiting', 'suspended', 'failed', 'complete']],
    ['processing', ['idle', 'waiting', 'queued', 'suspended', 'failed', 'complete']],
    ['suspended', ['idle', 'waiting']],
    ['failed', ['idle', 'waiting']],
    ['complete', []],
    ['melted', []],
  ])('%s may become %j', (from, allowed) => {
    expect(TASK_STATUSES.filter((to) => mayMove(from, to)).sort()).toEqual([...allowed].sort());
  });

  it('stand in the queue that they may be claimed from', () => {
    const lanes = ['idle', 'waiting', 'queued', 'melted'].map((status) => [
      iceprodPolicy.laneOf(status, false),
      iceprodPolicy.laneOf(status, true),
    ]);
    expect(lanes).toEqual([
      [undefined, undefined],
      [0, 0],
      [1, undefined],
      [undefined, undefined],
    ]);
  });

  it('have a phase each, and mean nothing to the engine outside the vocabulary', () => {
    expect([...TASK_STATUSES, 'melted'].map((status) => iceprodPolicy.phaseOf(status))).toEqual([
      ...['held', 'ready', 'claimed', 'running', 'held', 'failed', 'succeeded'],
      'held',
    ]);
  });
});

describe('an offer', () => {
  it.each([
    ['{}', '{"gpu":4,"memory":900,"os":["x"]}', true],
    ['{"memory":8}', '{}', true],
    ['{"memory":8}', '{"memory":8.0}', true],
    ['{"memory":8}', '{"memory":8.1}', false],
    ['{"memory":8}', '{"memory":"8"}', false],
    ['{"memory":8}', '{"disk":100}', true],
    ['{"gpu":0}', '{"gpu":1}', false],
    ['{"gpu":0}', '{"gpu":0}', true],
    ['{"gpu":0}', '{}', true],
    ['{"gpu":2}', '{}', false],
    ['{"gpu":2}', '{"gpu":0}', false],
    ['{"gpu":2}', '{"gpu":1}', true],
    ['{"gpu":2}', '{"gpu":3}', false],
    ['{"os":"RHEL_9"}', '{"os":["RHEL_8","RHEL_9"]}', true],
    ['{"os":"RHEL_9"}', '{"os":["RHEL_8"]}', false],
    ['{"os":"RHEL_9"}', '{"os":"RHEL_9"}', true],
    ['{"site":"UW"}', '{"site":"MIT"}', false],
    ['{"flag":true}', '{"flag":1}', true],
    ['{"flag":false}', '{"flag":1}', false],
  ])('%s for a task that asks %s: %s', (offered, asked, fits) => {
    expect(readOffer(offered)(asked)).toBe(fits);
  });

  it('names its site', () => {
    expect([offeredSite('{"site":"UW"}'), offeredSite('{}'), offeredSite('{"site":5}')]).toEqual([
      'UW',
      undefined,
      '5',
    ]);
  });

  it('compares what is nested too deeply to walk through by its text', () => {
    const deep = (levels: number): string => `{"x": ${'['.repeat(levels)}${']'.repeat(levels)}}`;
    expect(readOffer(deep(200_000))(deep(200_000))).toBe(true);
    expect(readOffer(deep(200_000))(deep(200_002))).toBe(false);
    expect(readOffer('{"x": "a"}')(deep(200_000))).toBe(false);
  });
});

describe('filters of a claim', () => {
  it('are read', () => {
    const params = '{"dataset_id":"d","site":"s","instance_id":"i","priority":0.5,"requirements.site":"x"}';
    expect(readQueryParams(params)).toEqual({
      ...{ dataset: 'd', site: 's', instance: 'i', priority: 0.5, requiredSite: '"x"', impossible: false },
    });
    expect(readQueryParams('{"dataset_id":5}')).toEqual({ impossible: true });
  });

  it.each(['status', 'job_id', '$where', '__proto__', 'requirements.os'])('refuse %s', (name) => {
    const refused = readQueryParams(`{"${name}":"x"}`);
    expect(refused instanceof DomainError && [refused.kind, refused.message]).toEqual([
      'invalid',
      `param ${name} is not allowed`,
    ]);
  });

  it('refuse what is not a single value', () => {
    expect(readQueryParams('{"site":{"$ne":"x"}}')).toBeInstanceOf(DomainError);
    expect(readQueryParams('{"site":["x"]}')).toBeInstanceOf(DomainError);
  });
});

describe('requirements after a failure', () => {
  it.each([
    // The contract's example.
    [
      '{"memory": 5.6, "gpu": 1}',
      '{"time": 2.5, "memory": 3.5, "disk": 20.3, "gpu": 23}',
      { memory: 5.6, gpu: 1, time: 3.75, disk: 1.5 * 20.3 },
    ],
    ['{}', '{"cpu":1.1}', undefined],
    ['{}', '{"cpu":1.2}', { cpu: 2 }],
    ['{"cpu":4}', '{"cpu":4.3}', undefined],
    ['{"cpu":4}', '{"cpu":4.5}', { cpu: 5 }],
    ['{"cpu":1.5}', '{"cpu":2}', { cpu: 3 }],
    ['{"cpu":4}', '{"cpu":20}', { cpu: 5 }],
    ['{"cpu":4}', '{"cpu":20.1}', undefined],
    ['{}', '{"memory":0.4,"disk":0.5}', { disk: 0.75 }],
    ['{"memory":2}', '{"memory":"3.0"}', { memory: 4.5 }],
    ['{"memory":2}', '{"memory":"much","disk":null,"time":{"a":1}}', undefined],
    ['{}', '{"cpu":"0x10","memory":"0b11","disk":"1e","time":""}', undefined],
    ['{"memory":9}', '{"memory":6}', undefined],
  ])('%s that used %s', (asked, used, raised) => {
    const after = raiseRequirements(asked, used);
    expect(after === undefined ? undefined : JSON.parse(after)).toEqual(raised);
  });

  it('keep the texts of numbers that stay', () => {
    expect(raiseRequirements('{"memory":4.0,"x":12345678901234567890}', '{"disk":2}')).toBe(
      '{"memory":4.0,"x":12345678901234567890,"disk":3}',
    );
  });
});

describe('a bulk change of requirements', () => {
  it('sets what is given', () => {
    expect(changeRequirements('{"memory":4.0,"gpu":1}', 'merge', '{"memory":2.50,"os":[]}')).toBe(
      '{"memory":2.50,"gpu":1,"os":[]}',
    );
  });

  it.each([
    ['{"gpu":4,"os":["a"]}', '{"cpu":1,"memory":2.5,"os":[]}', { cpu: 1, memory: 2.5 }],
    ['{"memory":4}', '{"memory":2}', { memory: 4 }],
    ['{"memory":4}', '{"memory":6}', { memory: 6 }],
    ['{"os":["a"],"site":"x"}', '{"os":["b"],"site":"a"}', { os: ['b'], site: 'a' }],
  ])('replaces %s by %s without lowering a number', (before, given, after) => {
    expect(JSON.parse(changeRequirements(before, 'replace', given))).toEqual(after);
  });

  it('makes words of sites', () => {
    expect(withSiteAsText('{"site":5,"cpu":1}')).toBe('{"site":"5","cpu":1}');
    expect(withSiteAsText('{"site":"x"}')).toBe('{"site":"x"}');
  });
});
