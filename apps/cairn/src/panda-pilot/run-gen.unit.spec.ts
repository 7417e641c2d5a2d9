import { BadParameters, readRunGen } from './run-gen.js';

describe('the parameters of prun-style jobs', () => {
  it('are read as the worked example has them', () => {
    const parameters =
      `-j "" --sourceURL https://host:25443 -r . -a jobO.0f0e.tar.gz ` +
      `-o "{'out.txt': 'user.demo.1._000001.out.txt', 'b': 'user.demo.1._000001.b'}" -p "echo%20%22hello%22%20%3E%20out.txt"`;
    expect(readRunGen(parameters)).toEqual({
      script: 'echo "hello" > out.txt',
      folder: '.',
      sandbox: 'jobO.0f0e.tar.gz',
      library: undefined,
      outputs: [
        ['out.txt', 'user.demo.1._000001.out.txt'],
        ['b', 'user.demo.1._000001.b'],
      ],
      inputs: [],
      sourceUrl: 'https://host:25443',
    });
  });

  it('put the inputs in place of %IN', () => {
    expect(readRunGen(`-i "['a.root', 'b.root']" -p "cat%20%25IN" -l x.lib.tgz`)).toMatchObject({
      ...{ script: 'cat a.root,b.root', inputs: ['a.root', 'b.root'], library: 'x.lib.tgz' },
    });
  });

  it.each([
    ['-j ""', 'the parameters name no command: -p is missing'],
    ['-p "unfinished', 'the parameters are no command line: the quote " is not closed'],
    ['-p %E0%A4%A', 'the command is not URL-encoded'],
  ])('are refused when they are %s', (parameters, message) => {
    expect(() => readRunGen(parameters)).toThrow(new BadParameters(message));
  });
});
