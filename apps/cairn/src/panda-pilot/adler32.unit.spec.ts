import { Readable } from 'node:stream';
import { adler32 } from './adler32.js';

const of = (...chunks: readonly Buffer[]): Promise<string> => adler32(Readable.from(chunks));

describe('Adler-32', () => {
  it.each([
    ['', '00000001'],
    ['a', '00620062'],
    ['Wikipedia', '11e60398'],
  ])('of "%s" is %s', async (text, expected) => {
    expect(await of(Buffer.from(text))).toBe(expected);
  });

  it('does not depend on how the bytes are cut, and stays exact over many', async () => {
    const bytes = Buffer.alloc(1_000_000, 0xff);
    const whole = await of(bytes);
    expect(whole).toBe('3843e1be');
    expect(await of(bytes.subarray(0, 3_801), bytes.subarray(3_801))).toBe(whole);
  });
});
