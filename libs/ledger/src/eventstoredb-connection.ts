import { readFileSync } from 'node:fs';
import {
  type ChannelCredentialOptions,
  convertToCommandError,
  EventStoreDBClient,
  type SingleNodeOptions,
} from '@eventstore/db-client';
import parsing from '@eventstore/db-client/dist/Client/parseConnectionString.js';
import service from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { AppendResp, ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { type Channel, Client, type ClientReadableStream } from '@grpc/grpc-js';
import { CannotStart } from '#platform/cannot-start.js';
import { type ChainedEvent, readMessage, type ReadMessage } from './eventstoredb-message.js';
import { type AppendAnswer, appendAnswer, appendMessages } from './eventstoredb-request.js';
import { sendNoAddressAsName } from './grpc-server-name.js';
import { Waiter } from './waiter.js';

/** For each call, with looking for a node of the cluster, which the client does not time. */
export const CALL_DEADLINE_MS = 10_000;

/** Messages handed over at once. */
const BATCH_MESSAGES = 512;

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

/**
 * The connection to EventStoreDB. Finding the leader, the channel and its renewal are the client's. The two calls that
 * Cairn makes are made here, because the client's own parse and serialize every event, leave promises that nobody awaits,
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
    // The overloads of the client's constructor differ in where it looks for a node only.
    return new EventStoreDbConnection({ ...options, ...place } as SingleNodeOptions, credentials, defaultCredentials);
  }

  private readonly closing = new AbortController();
  private channel: Promise<Channel> | undefined;

  private constructor(...options: ConstructorParameters<typeof EventStoreDBClient>) {
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
   * Appends events to a stream. `signal` cancels the call.
   *
   * @throws what the client makes of the server's errors
   */
  append(
    stream: string,
    expectedRevision: number,
    events: readonly ChainedEvent[],
    signal: AbortSignal,
  ): Promise<AppendAnswer> {
    return this.execute(Client, 'append', async (client) => {
      const { promise, resolve, reject } = Promise.withResolvers<AppendResp | undefined>();
      const { path, requestSerialize, responseDeserialize } = service.StreamsService.append;
      // A follower would pass it on, and might not hear the outcome.
      const [metadata, options] = this.callArguments({ requiresLeader: true, deadline: CALL_DEADLINE_MS });
      const call = client.makeClientStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        metadata,
        options,
        (error, response) => {
          if (error === null) resolve(response);
          else reject(convertToCommandError(error));
        },
      );
      // The callback reports it.
      call.on('error', () => undefined);
      const cancel = (): void => call.cancel();
      signal.addEventListener('abort', cancel);
      try {
        for (const message of appendMessages(stream, expectedRevision, events)) call.write(message);
        call.end();
        const response = await promise;
        if (response === undefined) throw new Error('The server ended an append without an answer');
        return appendAnswer(response);
      } finally {
        signal.removeEventListener('abort', cancel);
      }
    });
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
    const { call, client } = await this.execute(Client, 'read', (grpcClient) => {
      const { path, requestSerialize } = service.StreamsService.read;
      // What this ledger has just appended must be seen; a follower may not have it yet.
      const [metadata, options] = this.callArguments({ requiresLeader: true }, { deadline: Infinity });
      const made = grpcClient.makeServerStreamRequest(path, requestSerialize, readMessage, request, metadata, options);
      return Promise.resolve({ call: made, client: grpcClient });
    });
    const waiter = new Waiter();
    const ending: { isOver: boolean; fault: Error | undefined } = { isOver: false, fault: undefined };
    const end = (error?: Error): void => {
      ending.isOver = true;
      ending.fault ??= error;
      waiter.wake();
    };
    call.on('readable', waiter.wake);
    call.on('end', () => end());
    call.on('close', () => end());
    // The listener stays for errors that come after the reader has gone.
    call.on('error', (error) => {
      const converted = convertToCommandError(error);
      void this.handleError(client, converted);
      end(converted);
    });
    const ended = AbortSignal.any([signal, this.closed]);
    ended.addEventListener('abort', waiter.wake);
    try {
      while (!ended.aborted) {
        const batch = takeBuffered(call);
        if (batch.length > 0) yield batch;
        else if (ending.fault !== undefined) throw ending.fault;
        else if (ending.isOver) return;
        else if (!(await waiter.wait(idleMs))) throw new Error(`The server did not answer within ${idleMs} ms`);
      }
    } finally {
      ended.removeEventListener('abort', waiter.wake);
      call.cancel();
    }
  }

  /** Ends all readings and closes the channel. Does not wait for a node that is still being looked for. */
  close(): void {
    if (this.closed.aborted) return;
    this.closing.abort();
    this.channel?.then(
      (channel) => channel.close(),
      () => undefined,
    );
  }
}

const takeBuffered = (call: ClientReadableStream<ReadMessage>): readonly ReadMessage[] => {
  const batch: ReadMessage[] = [];
  while (batch.length < BATCH_MESSAGES) {
    const message = call.read() as ReadMessage | null;
    if (message === null) break;
    batch.push(message);
  }
  return batch;
};
