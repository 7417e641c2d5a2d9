import { changeRequirements, withSiteAsText } from './requirement-change.js';

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
