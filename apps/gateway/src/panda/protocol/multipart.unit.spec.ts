import { Readable } from 'node:stream';
import { readForm } from './multipart.js';

const BOUNDARY = 'a-b';
const TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

/** Parts with CRLF between their lines, cut into pieces of the given length. */
const streamOf = (lines: readonly string[], piece = 7): Readable => {
  const bytes = Buffer.from(lines.join('\r\n'));
  const pieces = Array.from({ length: Math.ceil(bytes.length / piece) }, (_, index) =>
    Buffer.from(bytes.subarray(index * piece, (index + 1) * piece)),
  );
  return Readable.from(pieces, { objectMode: false });
};

const textOf = async (stream: Readable): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

const field = (name: string, value: string) => [
  `--${BOUNDARY}`,
  `Content-Disposition: form-data; name="${name}"`,
  '',
  value,
];
const file = (disposition: string, content: string) => [
  `--${BOUNDARY}`,
  `content-disposition: form-data; ${disposition}`,
  'Content-Type: application/octet-stream',
  '',
  content,
];
const END = [`--${BOUNDARY}--`, ''];

describe('a form', () => {
  it.each([1, 2, 7, 1000])('is read in pieces of %d bytes', async (piece) => {
    const content = `\r\n--${BOUNDARY}x and -- \r\n--a`.replace(`--${BOUNDARY}`, '--a_b');
    const form = await readForm(
      streamOf(
        [...field('a', '1'), ...field('b', ''), ...file('name="file"; filename="x.tar.gz"', content), ...END],
        piece,
      ),
      TYPE,
      12,
    );
    expect(form.fields).toEqual([
      ['a', '1'],
      ['b', ''],
    ]);
    expect(form.file).toMatchObject({ name: 'file', file: { fileName: 'x.tar.gz', contentLength: 12 } });
    expect(await textOf(form.file?.file.content ?? Readable.from([]))).toBe(content);
  });

  it.each([
    ['name="file"; filename="/a/b c.gz"', '/a/b c.gz'],
    ['name=file; filename=x.gz', 'x.gz'],
    ['filename="a\\"b"; name="file"', 'a"b'],
    ['name="file"; filename*=UTF-8\'\'%C3%A9.gz', 'é.gz'],
    ['name="file"; filename=""', ''],
  ])('names a file as %s', async (disposition, fileName) => {
    const { file: found } = await readForm(streamOf([...file(disposition, 'x'), ...END]), TYPE, 0);
    expect(found).toMatchObject({ name: 'file', file: { fileName } });
  });

  it('may be empty, and its boundary in quotes', async () => {
    expect(await readForm(streamOf(END), 'multipart/form-data; charset=utf-8; boundary="a-b"', 0)).toEqual({
      fields: [],
    });
  });

  it.each([
    ['breaks off', TYPE, field('a', '1')],
    ['has no boundary', 'multipart/form-data', END],
    ['is something else', TYPE, ['{"a":1}']],
  ])('that %s is refused', async (_, type, lines) => {
    await expect(readForm(streamOf(lines), type, 0)).rejects.toThrow();
  });

  it('tells the reader of a file that breaks off', async () => {
    const { file: found } = await readForm(streamOf(file('name="file"; filename="x"', 'abc')), TYPE, 0);
    await expect(textOf(found?.file.content ?? Readable.from([]))).rejects.toThrow('body broke off');
  });
});
