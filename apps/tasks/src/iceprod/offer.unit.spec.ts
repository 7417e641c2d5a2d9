import { offeredSite, readOffer } from './offer.js';
import { defaultsFor } from './requirements.js';

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
    expect(readOffer(offered, new Map())(asked)).toBe(fits);
  });

  it.each([
    ['{"disk":9.9}', '{}', false],
    ['{"disk":10}', '{}', true],
    ['{"disk":9.9}', '{"disk":5}', true],
    ['{"memory":1,"time":1,"cpu":1,"gpu":0}', '{}', true],
    ['{"memory":0.5}', '{}', false],
    ['{"time":0.5}', '{"memory":1}', false],
    ['{"gpu":1}', '{}', false],
    ['{}', '{}', true],
  ])('%s of a legacy pilot for a task that asks %s: %s', (offered, asked, fits) => {
    expect(readOffer(offered, defaultsFor('process'))(asked)).toBe(fits);
  });

  it('names its site', () => {
    expect(offeredSite('{"site":"UW"}')).toBe('UW');
    expect(offeredSite('{"site":5}')).toBe('5');
    expect(offeredSite('{}')).toBeUndefined();
    expect(offeredSite('{"site":null}')).toBeUndefined();
  });

  it('compares what is nested too deeply to walk through by its text', () => {
    const deep = (levels: number): string => `{"x": ${'['.repeat(levels)}${']'.repeat(levels)}}`;
    expect(readOffer(deep(200_000), new Map())(deep(200_000))).toBe(true);
    expect(readOffer(deep(200_000), new Map())(deep(200_002))).toBe(false);
    expect(readOffer('{"x": "a"}', new Map())(deep(200_000))).toBe(false);
  });
});
