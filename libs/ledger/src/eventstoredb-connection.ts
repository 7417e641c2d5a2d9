import { readFileSync } from 'node:fs';
import {
  type ChannelCredentialOptions,
  convertToCommandError,
  EventStoreDBClient,
  type SingleNodeOptions,
} from '@eventstore/db-client';
import parsing from '@eventstore/db-client/dist/Client/parseConnectionString.js';
import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import users from '@eventstore/db-client/generated/users_grpc_pb.js';
import { type CallOptions, type Channel, Client, type Metadata, status } from '@grpc/grpc-js';
import { CannotStart } from '#platform/cannot-start.js';
import {
  type AppendAnswer,
  appendAnswer,
  type ChainedEvent,
  readMessage,
  type ReadMessage,
} from './eventstoredb-message.js';
import { appendMessages } from './eventstoredb-request.js';
import { grpcFrames } from './grpc-frames.js';
import { type GrpcCallOptions, GrpcNode, type GrpcNodeOptions } from './grpc-node.js';
import { sendNoAddressAsName } from './grpc-server-name.js';

/** For each call, with looking for a node of the cluster, which the client does not time. */
export const CALL_DEADLINE_MS = 10_000;

/** For a reading that leaves out streams: the server sends nothing while it finds none. Pings find out that it is gone. */
export const SEARCH_DEADLINE_MS = 300_000;

/** The service's path. */
const STREAMS = '/event_store.client.streams.Streams';

/** As the client has it. */
const KEEP_ALIVE_MS = 10_000;

sendNoAddressAsName();

/** Protocol, user and password of a connection string. */
const LOGIN = /^([a-z+]+:\/\/)([^:@/?#]+):([^@/?#]+)@/;

/**
 * Reads a connection string. The client prints what it gets with its warnings and errors, so it gets no password.
 *
 * @throws what the client throws
 */
export const readConnectionString = (text: string): ReturnType<typeof parsing.parseConnectionString> => {
  const url = text.replace(/^kurrentdb(?=(\+discover)?:)/, 'esdb');
  const [login, protocol = '', username = '', password = ''] = LOGIN.exec(url) ?? [];
  if (login === undefined) return parsing.parseConnectionString(url);
  const options = parsing.parseConnectionString(protocol + url.slice(login.length));
  const defaultCredentials = { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  return { ...options, defaultCredentials };
};

/** A file that the connection string names. */
const readNamed = (file: string | undefined): Buffer | undefined => {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new CannotStart(`EVENTSTORE_URL names the file ${file}, which cannot be read`, { cause });
  }
};

/** As a node answers that does not know a leader, such as a read-only replica without a cluster. */
const NO_LEADER = /No leader info available/;

/** The client looks for another node when a node is unavailable, but stays with one that knows no leader. */
const asUnavailable = (error: Error): Error =>
  NO_LEADER.test(error.message) ? Object.assign(error, { code: status.UNAVAILABLE }) : error;

/**
 * The connection to EventStoreDB. Finding the leader, again when it has changed, is the client's work. The two calls that
 * Cairn makes are made here over a connection of its own, because the client's own parse and serialize every event, leave promises that nobody awaits,
 * and cannot be ended for sure (see `docs/adr/0003-eventstoredb-ledger.md`).
 */
export class EventStoreDbConnection extends EventStoreDBClient {
  /**
   * Connects with the first call.
   *
   * @throws CannotStart when a file that the connection string names cannot be read
   */
  static open(connectionString: string): EventStoreDbConnection {
    const { hosts, dnsDiscover, tls, tlsCAFile, userCertFile, userKeyFile, defaultCredentials, ...options } =
      readConnectionString(connectionString);
    const [first] = hosts;
    const place = dnsDiscover ? { discover: first } : hosts.length > 1 ? { endpoints: hosts } : { endpoint: first };
    const [rootCertificate, userCert, userKey] = [tlsCAFile, userCertFile, userKeyFile].map(readNamed);
    const credentials: ChannelCredentialOptions = {
      insecure: tls === false,
      ...(rootCertificate !== undefined && { rootCertificate }),
      ...(userCert !== undefined && { userCertFile: userCert }),
      ...(userKey !== undefined && { userKeyFile: userKey }),
    };
    const { connectionName = 'cairn', keepAliveInterval = KEEP_ALIVE_MS, keepAliveTimeout = KEEP_ALIVE_MS } = options;
    const login = defaultCredentials && `${defaultCredentials.username}:${defaultCredentials.password}`;
    const nodeOptions: GrpcNodeOptions = {
      headers: {
        'connection-name': connectionName,
        // A follower would pass an append on, and might not hear the outcome. It may not have yet what was just appended.
        'requires-leader': 'true',
        // As the client does it, nobody logs in without TLS.
        ...(login !== undefined &&
          tls !== false && { authorization: `Basic ${Buffer.from(login).toString('base64')}` }),
      },
      tls:
        tls === false
          ? undefined
          : {
              ...(rootCertificate !== undefined && { ca: rootCertificate }),
              ...(userCert !== undefined && { cert: userCert }),
              ...(userKey !== undefined && { key: userKey }),
            },
      keepAliveMs: keepAliveInterval,
      keepAliveTimeoutMs: keepAliveTimeout,
    };
    return new EventStoreDbConnection(
      nodeOptions,
      // The overloads of the client's constructor differ in where it looks for a node only.
      { ...options, ...place } as SingleNodeOptions,
      credentials,
      defaultCredentials,
    );
  }

  private readonly closing = new AbortController();
  private channel: Promise<Channel> | undefined;
  private node: GrpcNode | undefined;

  private constructor(
    private readonly nodeOptions: GrpcNodeOptions,
    ...options: ConstructorParameters<typeof EventStoreDBClient>
  ) {
    super(...options);
    const { handleError, getChannel } = this;
    // The client does not await this. It rejects when meanwhile another call has failed to open the next channel.
    this.handleError = (client, error) => handleError(client, error).catch(() => undefined);
    this.getChannel = () => {
      if (this.closed.aborted) return Promise.reject(new Error('The ledger is closed'));
      this.channel = getChannel();
      return this.channel;
    };
  }

  /** Aborted when the connection is closed. */
  get closed(): AbortSignal {
    return this.closing.signal;
  }

  /**
   * Appends events to a stream. The server is told {@link CALL_DEADLINE_MS}; `signal` cancels the call.
   *
   * @throws what the client makes of the server's errors
   */
  async append(
    stream: string,
    expectedRevision: number,
    events: readonly ChainedEvent[],
    signal: AbortSignal,
  ): Promise<AppendAnswer> {
    const request = grpcFrames(appendMessages(stream, expectedRevision, events));
    const options = { idleMs: Infinity, deadlineMs: CALL_DEADLINE_MS, signal };
    let answer: AppendAnswer | undefined;
    for await (const [message] of this.call('Append', request, options)) {
      if (message !== undefined) answer = appendAnswer(message);
    }
    if (answer === undefined) throw new Error('The server ended an append without an answer');
    return answer;
  }

  /**
   * What the server sends in answer to a request, in batches, until it ends, the reader stops or `signal` is aborted.
   * `idleMs` is the longest pause between messages.
   *
   * @throws what the client makes of the server's errors
   */
  async *read(
    request: ReadReq,
    { idleMs, signal = this.closed }: { readonly idleMs: number; readonly signal?: AbortSignal },
  ): AsyncGenerator<readonly ReadMessage[], void, void> {
    const ended = signal === this.closed ? signal : AbortSignal.any([signal, this.closed]);
    const calling = this.call('Read', grpcFrames([request.serializeBinary()]), { idleMs, signal: ended });
    for await (const messages of calling) yield messages.map(readMessage);
  }

  /**
   * Makes calls to the service that manages users.
   *
   * @throws what gRPC makes of the server's errors
   */
  callUsers(
    call: (
      client: InstanceType<typeof users.UsersClient>,
      metadata: Metadata,
      options: Partial<CallOptions>,
    ) => Promise<void>,
  ): Promise<void> {
    return this.execute(users.UsersClient, 'users', (client) =>
      call(client, ...this.callArguments({ requiresLeader: true, deadline: CALL_DEADLINE_MS })),
    );
  }

  /** Ends all readings and appends. Does not wait for a node that is still being looked for. */
  close(): void {
    if (this.closed.aborted) return;
    this.closing.abort();
    this.node?.close();
    this.channel?.then(
      (channel) => channel.close(),
      () => undefined,
    );
  }

  /** Calls a method of the service of streams on the node that the client has found. */
  private async *call(
    method: 'Append' | 'Read',
    request: Buffer,
    options: GrpcCallOptions,
  ): AsyncGenerator<readonly Buffer[], void, void> {
    const client = await this.execute(Client, method, (found) => Promise.resolve(found));
    try {
      yield* this.nodeOf(client.getChannel()).call(`${STREAMS}/${method}`, request, options);
    } catch (error) {
      const converted = error instanceof Error ? convertToCommandError(asUnavailable(error)) : error;
      // The client looks for another node.
      if (converted instanceof Error) void this.handleError(client, converted);
      throw converted;
    }
  }

  /** The channel only says which node it is. The connection to another one, and what is under way there, ends. */
  private nodeOf(channel: Pick<Channel, 'getTarget'>): GrpcNode {
    const authority = channel.getTarget().replace(/^dns:/, '');
    if (this.closed.aborted) throw new Error('The ledger is closed');
    if (this.node?.authority !== authority) {
      this.node?.close();
      this.node = new GrpcNode(authority, this.nodeOptions);
    }
    return this.node;
  }
}
