import { nonFiniteIn, withoutNonFinite } from './non-finite.js';

describe('numbers that JSON does not have', () => {
  it.each([
    ['{"a":NaN,"b":[-Infinity,Infinity]}', '{"a":null,"b":[null,null]}', 'NaN'],
    ['{"NaN":"NaN \\" Infinity","a":-Infinity, "b":1.0}', '{"NaN":"NaN \\" Infinity","a":null, "b":1.0}', '-Infinity'],
    ['{"NaN":"Infinity"}', undefined, undefined],
    ['{"a":xNaN}', '{"a":xnull}', 'NaN'],
  ])('%s becomes %s', (text, valid, first) => {
    expect(withoutNonFinite(text)).toBe(valid);
    expect(nonFiniteIn(text)).toBe(first);
  });

  it('refuses a string that does not end', () => {
    expect(() => withoutNonFinite('{"a":NaN,"b')).toThrow(SyntaxError);
  });

  it('reads a megabyte of them, and of text, in one pass', () => {
    const text = `["${'x'.repeat(1_000_000)}",${new Array(250_000).fill('NaN').join(',')}]`;
    expect(JSON.parse(withoutNonFinite(text) ?? '')).toHaveLength(250_001);
  });
});
