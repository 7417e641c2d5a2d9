import { constants, createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { convertToCommandError } from '@eventstore/db-client';
import fc from 'fast-check';
import { GrpcMessages, grpcFrames } from './grpc-frames.js';
import { GrpcNode, type GrpcNodeOptions } from './grpc-node.js';

const collect = async (messages: AsyncIterable<readonly Buffer[]>): Promise<readonly string[]> => {
  const texts: string[] = [];
  for await (const batch of messages) texts.push(...batch.map(String));
  return texts;
};

describe('GrpcMessages', () => {
  it('finds messages, however the bytes are cut', () => {
    const texts = fc.array(fc.string({ maxLength: 40 }), { maxLength: 20 });
    const cuts = fc.array(fc.nat({ max: 900 }), { maxLength: 30 });
    fc.assert(
      fc.property(texts, cuts, (sent, at) => {
        const bytes = grpcFrames(sent.map((text) => Buffer.from(text)));
        const edges = [0, ...at.filter((edge) => edge < bytes.length).toSorted((one, two) => one - two), bytes.length];
        const messages = new GrpcMessages();
        const got = edges.slice(1).flatMap((end, index) => messages.take(bytes.subarray(edges[index], end)));
        expect(got.map(String)).toEqual(sent);
      }),
    );
  });
});

describe('GrpcNode', () => {
  let server: Http2Server;
  let node: GrpcNode;
  let answer: (stream: ServerHttp2Stream) => void;
  const sessions: ServerHttp2Session[] = [];
  const patient: GrpcNodeOptions = { headers: { 'requires-leader': 'true' }, keepAliveMs: -1, keepAliveTimeoutMs: -1 };

  const authority = (): string => `127.0.0.1:${(server.address() as AddressInfo).port}`;

  const call = (idleMs = 10_000): Promise<readonly string[]> =>
    collect(
      node.call('/test/Call', grpcFrames([Buffer.from('ask')]), { idleMs, signal: new AbortController().signal }),
    );

  beforeEach(async () => {
    server = createServer();
    server.on('session', (session) => sessions.push(session.on('error', () => undefined)));
    server.on('stream', (stream) => {
      stream.on('error', () => undefined);
      answer(stream);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    node = new GrpcNode(authority(), patient);
  });

  afterEach(() => {
    node.close();
    for (const session of sessions.splice(0)) session.destroy();
    server.close();
  });

  const respond = (stream: ServerHttp2Stream, texts: readonly string[], trailers: Record<string, string>): void => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.end(grpcFrames(texts.map((text) => Buffer.from(text))));
  };

  it('gives the messages of a call that went well', async () => {
    answer = (stream) => respond(stream, ['one', 'x'.repeat(300_000)], { 'grpc-status': '0' });
    expect((await call()).map(({ length }) => length)).toEqual([3, 300_000]);
    answer = (stream) => respond(stream, ['small'], { 'grpc-status': '0' });
    expect(await Promise.all(Array.from({ length: 150 }, () => call()))).toHaveLength(150);
    expect(sessions).toHaveLength(1);
  });

  it.each([
    [
      'trailers',
      (stream: ServerHttp2Stream) => respond(stream, ['one'], { 'grpc-status': '10', 'grpc-message': 'too%20late' }),
    ],
    [
      'headers alone',
      (stream: ServerHttp2Stream) =>
        stream.respond({ ':status': 200, 'grpc-status': '10', 'grpc-message': 'too%20late' }, { endStream: true }),
    ],
  ])('throws the error that the server gives in %s', async (_where, answering) => {
    answer = answering;
    await expect(call()).rejects.toMatchObject({ code: 10, details: 'too late', message: '10 ABORTED: too late' });
  });

  it('makes errors that the client understands', async () => {
    answer = (stream) => respond(stream, [], { 'grpc-status': '7', 'grpc-message': 'no', exception: 'access-denied' });
    const error = await call().catch((failure: unknown) => convertToCommandError(failure as Error));
    expect(error).toMatchObject({ type: 'access-denied' });
  });

  it.each([
    [401, { code: 16 }],
    [503, { code: 14 }],
    [500, { code: 2 }],
  ])('throws for the HTTP status %i, which is not of gRPC', async (status, expected) => {
    answer = (stream) => stream.respond({ ':status': status }, { endStream: true });
    await expect(call()).rejects.toMatchObject(expected);
  });

  it('throws when the connection is lost, and makes another for the next call', async () => {
    answer = (stream) => stream.session?.destroy();
    await expect(call()).rejects.toMatchObject({ code: 14 });
    answer = (stream) => respond(stream, ['again'], { 'grpc-status': '0' });
    expect(await call()).toEqual(['again']);
  });

  it('makes another connection when calls fail without an answer, and finishes what is under way on the first', async () => {
    const held: ServerHttp2Stream[] = [];
    answer = (stream) => void held.push(stream);
    const first = call();
    while (held.length === 0) await new Promise((resolve) => setImmediate(resolve));
    answer = (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM);
    await expect(call()).rejects.toMatchObject({ code: 14 });
    answer = (stream) => respond(stream, ['next'], { 'grpc-status': '0' });
    expect(await call()).toEqual(['next']);
    expect(sessions).toHaveLength(2);
    for (const stream of held) respond(stream, ['first'], { 'grpc-status': '0' });
    expect(await first).toEqual(['first']);
  });

  it('finishes what is under way when the server goes away, and makes another connection', async () => {
    answer = (stream) => {
      stream.session?.goaway();
      setTimeout(() => respond(stream, ['first'], { 'grpc-status': '0' }), 50);
    };
    expect(await call()).toEqual(['first']);
    answer = (stream) => respond(stream, ['second'], { 'grpc-status': '0' });
    expect(await call()).toEqual(['second']);
    expect(sessions).toHaveLength(2);
  });

  it('says why there is no connection', async () => {
    await new Promise((resolve) => server.close(resolve));
    node = new GrpcNode('127.0.0.1:1', patient);
    await expect(call()).rejects.toMatchObject({
      code: 14,
      details: expect.stringContaining('ECONNREFUSED') as string,
    });
  });

  it('gives up a server that is silent', async () => {
    answer = () => undefined;
    await expect(call(50)).rejects.toThrow('did not answer within 50 ms');
  });

  it('finds out that the server gives no sign of life', async () => {
    // It accepts connections and reads nothing, as a server that is frozen.
    const frozen = createTcpServer();
    await new Promise<void>((resolve) => frozen.listen(0, '127.0.0.1', resolve));
    const { port } = frozen.address() as AddressInfo;
    node = new GrpcNode(`127.0.0.1:${port}`, { ...patient, keepAliveMs: 20, keepAliveTimeoutMs: 100 });
    await expect(call()).rejects.toMatchObject({
      code: 14,
      details: expect.stringContaining('No sign of life') as string,
    });
    frozen.close();
  });
});
