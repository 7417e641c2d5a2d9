import { sprintf } from './sprintf.js';

describe('sprintf', () => {
  it.each([
    ['%s_corsika.%06d.%06d', ['IC86.2016', '21234', '7'], 'IC86.2016_corsika.021234.000007'],
    ['%07d-%07d', ['1000', '1999'], '0001000-0001999'],
    ['%.2f', ['1.005e1'], '10.05'],
    ['%5.1f|%-5d|%+d', ['2.25', '3', '4'], '  2.3|3    |+4'],
    ['%05d', ['-42'], '-0042'],
    ['%x %X %o', ['255', '255', '8'], 'ff FF 10'],
    ['%e', ['12345'], '1.234500e+04'],
    ['%g %g %g', ['0.0001', '1e10', '100000'], '0.0001 1e+10 100000'],
    ['%d%%', ['5'], '5%'],
    ['%d', ['2.9'], '2'],
    ['%.3s', ['abcdef'], 'abc'],
    ['%.1000g', ['0.0009765625'], '0.0009765625'],
  ])('%s of %j', (format, args, expected) => {
    expect(sprintf(format, args)).toBe(expected);
  });

  it('refuses a missing argument and a text where a number is needed', () => {
    expect(sprintf('%d %d', ['1'])).toBeUndefined();
    expect(sprintf('%d', ['seven'])).toBeUndefined();
    expect(sprintf('%d', ['1e999'])).toBeUndefined();
  });

  it('takes any number of arguments, but makes no text that could fill the memory', () => {
    const args = new Array<string>(200_000).fill('1');
    expect(sprintf('%d', args)).toBe('1');
    expect(sprintf('%d'.repeat(200_000), args)).toBe('1'.repeat(200_000));
    expect(sprintf('%1000d'.repeat(200_000), args)).toBeUndefined();
  });
});
