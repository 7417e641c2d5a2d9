import { MemberExtractor } from './member-extractor.js';

const extract = (text: string | Buffer, chunkBytes: number): { value: string; rest: string; found: boolean } => {
  const extractor = new MemberExtractor('data', 1000);
  const bytes = Buffer.from(text);
  const value: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    for (const part of extractor.feed(bytes.subarray(at, at + chunkBytes))) value.push(Buffer.from(part));
  }
  return { value: Buffer.concat(value).toString(), rest: extractor.end().toString(), found: extractor.found };
};

describe.each([1, 2, 3, 7, 1000])('a member extracted from a body in chunks of %d bytes', (chunkBytes) => {
  it.each([
    ['{"data":"x"}', '"x"', '{"data":""}'],
    ['{"data":""}', '""', '{"data":""}'],
    [
      ' { "name" : "data" , "data" : "a\\"b\\\\" , "n":1.0}',
      '"a\\"b\\\\"',
      ' { "name" : "data" , "data" : "" , "n":1.0}',
    ],
    ['{"d\\u0061ta":"é\\ud800\\u00e9\u{1F300}"}', '"é\\ud800\\u00e9\u{1F300}"', '{"d\\u0061ta":""}'],
    [
      '{"o":{"data":"no"},"a":["data",{"data":"no"}],"data":"yes"}',
      '"yes"',
      '{"o":{"data":"no"},"a":["data",{"data":"no"}],"data":""}',
    ],
    ['{"\\"":"\\\\","data":"}{"}', '"}{"', '{"\\"":"\\\\","data":""}'],
  ])('%s', (text, value, rest) => {
    expect(extract(text, chunkBytes)).toEqual({ value, rest, found: true });
  });

  it.each([
    '{"data":1,"x":"y"}',
    '{"data":["x"]}',
    '["data","x"]',
    '{"x":"data"}',
    '{"data":{"data":"x"}}',
    '{}',
    '',
    '"data"',
  ])('is not there in %s', (text) => {
    expect(extract(text, chunkBytes)).toEqual({ value: '', rest: text, found: false });
  });

  it.each([
    '{"data":"\n"}',
    '{"data":"\\x"}',
    '{"data":"\\u12g4"}',
    '{"data":"x","data":"y"}',
    `{"x":"${'y'.repeat(1001)}","data":"x"}`,
    Buffer.from([...Buffer.from('{"data":"'), 0xff, ...Buffer.from('"}')]),
    Buffer.from([...Buffer.from('{"data":"'), 0xe2, 0x82]),
  ])('is rejected in %j', (text) => {
    expect(() => extract(text, chunkBytes)).toThrow();
  });

  it.each(['{"data":"x', '{"data":"x"', '{"data" "x"}', '{"data":"x" "y"}', '{"data":"x"}}', '{"data":1 "x"}'])(
    'leaves a rest that no parser takes of %s',
    (text) => {
      expect(() => JSON.parse(extract(text, chunkBytes).rest) as unknown).toThrow(SyntaxError);
    },
  );
});
