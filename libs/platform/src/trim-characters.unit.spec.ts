import { trimEnd, trimStart } from './trim-characters.js';

it('removes characters at the end only', () => {
  expect(trimEnd('//a//b//', '/')).toBe('//a//b');
  expect(trimEnd('1.500', '0')).toBe('1.5');
  expect(trimEnd('///', '/')).toBe('');
  expect(trimEnd('', '/')).toBe('');
});

it('removes characters at the start only', () => {
  expect(trimStart('{}{a}', '{}')).toBe('a}');
  expect(trimStart('{{', '{}')).toBe('');
});
