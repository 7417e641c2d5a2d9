import { baseName } from './file-name.js';

describe('names of files', () => {
  it.each([
    ['sources.tar.gz', 'sources.tar.gz'],
    ['/home/me/sources.tar.gz', 'sources.tar.gz'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\me\\a.tgz', 'C:\\me\\a.tgz'],
    ['...', '...'],
    ['.hidden', '.hidden'],
    ['ä b+%2F', 'ä b+%2F'],
    ['x'.repeat(255), 'x'.repeat(255)],
    ['', undefined],
    ['folder/', undefined],
    ['.', undefined],
    ['..', undefined],
    ['a/..', undefined],
    ['a\0b', undefined],
    ['a\nb', undefined],
    ['a\r\nSet-Cookie: b', undefined],
    ['x'.repeat(256), undefined],
    ['ä'.repeat(128), undefined],
  ])('%j is kept as %j', (path, name) => {
    expect(baseName(path)).toBe(name);
  });
});
