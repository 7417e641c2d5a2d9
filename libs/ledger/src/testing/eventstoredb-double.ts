import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { AppendReq, AppendResp, ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import gossipService from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import type { ClusterInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import usersService from '@eventstore/db-client/generated/users_grpc_pb.js';
import users from '@eventstore/db-client/generated/users_pb.js';
import type { Empty } from '@eventstore/db-client/generated/shared_pb.js';
import {
  Metadata,
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  status,
} from '@grpc/grpc-js';
import { APPEND_BYTES_MAX } from '../ledger.js';
import { EventStoreDbDoubleLog, type ProposedEvent } from './eventstoredb-double-log.js';
import {
  appendedResponse,
  type AppendRequest,
  appendRequest,
  checkpointResponse,
  confirmationResponse,
  eventResponse,
  gossipResponse,
  type Member,
  readRequest,
  type ReadRequest,
  streamNotFoundResponse,
  wrongRevisionResponse,
} from './eventstoredb-double-messages.js';

/** How a fault is answered: code, text, and the name of the exception that the client looks for. */
interface Fault {
  readonly code: status;
  readonly details: string;
  readonly exception?: string;
}

const COMMIT_TIMEOUT: Fault = { code: status.ABORTED, details: 'Operation timed out: Commit phase timeout' };
const NOT_READY: Fault = { code: status.UNAVAILABLE, details: 'Server Is Not Ready' };
const ACCESS_DENIED: Fault = {
  code: status.PERMISSION_DENIED,
  details: 'Access Denied',
  exception: 'access-denied',
};
const DROPPED: Fault = { code: status.UNAVAILABLE, details: 'Connection dropped' };
const TOO_SLOW: Fault = {
  code: status.ABORTED,
  details: 'Operation timed out: Consumer too slow to handle event while live. Client resubscription required.',
};
const NO_LEADER: Fault = { code: status.UNKNOWN, details: 'No leader info available in response' };
const NO_POSITION: Fault = { code: status.UNKNOWN, details: 'Unexpected ReadAllResult: Error' };

/** How long the server waits before it gives up an append that it cannot commit. */
const COMMIT_TIMEOUT_MS = 2000;

/** What happens to an append.
 * - `stands but times out`: the events are written, the answer is the commit timeout.
 * - `stands but drops`: the events are written, the connection breaks before the answer.
 * - `times out`: nothing is written, the answer is the commit timeout.
 * - `not ready`: nothing is written, `Server Is Not Ready`.
 * - `refused`: nothing is written, access is denied.
 * - `answered last`: written at once, answered after the append that comes next.
 */
export type AppendFault =
  'stands but times out' | 'stands but drops' | 'times out' | 'not ready' | 'refused' | 'answered last';

export interface DoubleOptions {
  /** 1 by default; more are a cluster, whose first node leads. */
  readonly nodes?: number;
  /** From the arrival of an append of one event to showing it and answering, on average; 1 by default. */
  readonly commitMs?: number;
  /** Files of the certificate with which it speaks TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** What each further event of an append adds to it; 0 by default. */
  readonly commitMsPerEvent?: number;
  /** Where the first node listens; by default on a free port. */
  readonly port?: number;
}

class DoubleNode {
  private server: Server | undefined;

  constructor(
    private readonly services: (node: DoubleNode, server: Server) => void,
    private readonly credentials: ServerCredentials,
    public port = 0,
  ) {}

  get isAlive(): boolean {
    return this.server !== undefined;
  }

  async start(): Promise<void> {
    const server = new Server({ 'grpc.max_receive_message_length': 17 * 1024 * 1024 });
    this.services(this, server);
    this.port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${this.port}`, this.credentials, (error, port) => {
        if (error === null) resolve(port);
        else reject(error);
      });
    });
    this.server = server;
  }

  /** As a kill: all connections break. */
  stop(): void {
    this.server?.forceShutdown();
    this.server = undefined;
  }
}

/** An append as it arrived, and when. */
interface AppendCall {
  readonly metadata: Metadata;
  readonly messages: readonly AppendReq[];
  readonly sinceMs: number;
}

/** As the client ships it, but answers to readings are bytes already. */
const STREAMS = {
  ...streamsService.StreamsService,
  read: { ...streamsService.StreamsService.read, responseSerialize: (bytes: Uint8Array): Buffer => Buffer.from(bytes) },
};

/** Lets appends take fractions of a millisecond, on average: timers count whole ones, and late. */
class Pace {
  /** How much longer than they should the last ones took. */
  private lateMs = 0;

  /** Resolves so long after `sinceMs`. */
  async hold(sinceMs: number, ms: number): Promise<void> {
    const leftMs = sinceMs + ms - this.lateMs - performance.now();
    if (leftMs > 0) await delay(leftMs);
    // What a busy machine adds is not made up for.
    this.lateMs = Math.max(-1, Math.min(1, this.lateMs + performance.now() - sinceMs - ms));
  }
}

const isLeaderRequired = (metadata: Metadata): boolean => metadata.get('requires-leader')[0] === 'true';

const errorOf = ({
  code,
  details,
  exception,
}: Fault): Error & { code: status; details: string; metadata: Metadata } => {
  const metadata = new Metadata();
  if (exception !== undefined) metadata.set('exception', exception);
  return Object.assign(new Error(details), { code, details, metadata });
};

/** As the server counts: two bytes for each character of the type. */
const bytesOf = (events: readonly ProposedEvent[]): number =>
  events.reduce((sum, { type, data, metadata }) => sum + 2 * type.length + data.length + metadata.length, 0);

const tooLarge = ({ events }: AppendRequest): Error | undefined => {
  if (bytesOf(events) <= APPEND_BYTES_MAX) return undefined;
  const error = errorOf({
    code: status.INVALID_ARGUMENT,
    details: `Maximum Append Size of ${APPEND_BYTES_MAX} Exceeded.`,
    exception: 'maximum-append-size-exceeded',
  });
  error.metadata.set('maximum-append-size', String(APPEND_BYTES_MAX));
  return error;
};

/**
 * A double of EventStoreDB for tests, in process, on the service definitions that the client ships.
 *
 * It does what was seen on EventStoreDB 23.10.8 (single node and cluster of three):
 * - an append is answered with revision and position of its last event, also when it is repeated;
 * - when an equal append is still being committed, the second one is answered with `ABORTED: Operation timed out: Commit phase timeout` after 2 s,
 *   although its events stand;
 * - a node that is not the leader answers calls that need the leader with `NOT_FOUND: Leader info available` and the address of
 *   the leader that it knows, during an election that of the last one;
 * - a reading of `$all` begins with the event at the position, a subscription behind it;
 * - with a filter, progress past other events is reported at checkpoints only.
 *
 * Known from the server's source:
 * - readings of `$all` take a filter too (20.6 and newer);
 * - one that begins where no event does ends with an error;
 * - before 24.2 a subscription for which more than some 60 events come at once is ended with `ABORTED: Operation timed out: Consumer too slow`;
 * - a node that knows no leader answers calls that need one with `UNKNOWN: No leader info available in response`;
 * - a user whose name is taken, with another password, is refused with `FAILED_PRECONDITION`.
 *
 * All nodes share one log, so a change of leader loses nothing.
 */
export class EventStoreDbDouble {
  readonly log = new EventStoreDbDoubleLog();
  /** Users besides the administrator, by name. */
  readonly users = new Map<string, { readonly password: string; readonly groups: readonly string[] }>();
  private readonly nodes: readonly DoubleNode[];
  private readonly commitMs: number;
  private readonly isSecure: boolean;
  private readonly commitMsPerEvent: number;
  private readonly pace = new Pace();
  private leader: DoubleNode | undefined;
  private lastLeader: DoubleNode | undefined;
  private readonly isolated = new Set<DoubleNode>();
  private readonly appendFaults: AppendFault[] = [];
  private readonly answersHeld: (() => void)[] = [];
  private readonly subscriptions = new Set<ServerWritableStream<ReadReq, Uint8Array>>();
  /** Events that were sent to subscriptions. */
  followedCount = 0;
  /** Readings of single streams. */
  streamReadCount = 0;
  private gossipFails = false;
  private frozen: PromiseWithResolvers<void> | undefined;

  static async start(options: DoubleOptions = {}): Promise<EventStoreDbDouble> {
    const double = new EventStoreDbDouble(options);
    for (const node of double.nodes) await node.start();
    return double;
  }

  private constructor({ nodes = 1, commitMs = 1, commitMsPerEvent = 0, port = 0, tls }: DoubleOptions) {
    this.commitMs = commitMs;
    this.commitMsPerEvent = commitMsPerEvent;
    this.isSecure = tls !== undefined;
    const credentials =
      tls === undefined
        ? ServerCredentials.createInsecure()
        : ServerCredentials.createSsl(null, [
            { cert_chain: readFileSync(tls.cert), private_key: readFileSync(tls.key) },
          ]);
    const services = (node: DoubleNode, server: Server): void => this.serve(node, server);
    this.nodes = Array.from({ length: nodes }, (_, at) => new DoubleNode(services, credentials, at === 0 ? port : 0));
    this.leader = this.lastLeader = this.nodes[0];
  }

  /** Connection string for `EVENTSTORE_URL`. */
  get url(): string {
    return `esdb://${this.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}?tls=${this.isSecure}`;
  }

  get subscriptionCount(): number {
    return this.subscriptions.size;
  }

  /** The appends that come next have these faults, one each. */
  failNextAppends(...faults: readonly AppendFault[]): void {
    this.appendFaults.push(...faults);
  }

  /** Nodes do not tell who leads, so discovery fails. */
  failGossip(fails: boolean): void {
    this.gossipFails = fails;
  }

  /** Ends all subscriptions that are open: the connection breaks, or more has come at once than the server keeps for them. */
  dropSubscriptions(why: 'connection' | 'too slow' = 'connection'): void {
    for (const call of this.subscriptions) call.emit('error', errorOf(why === 'connection' ? DROPPED : TOO_SLOW));
  }

  /** Subscriptions stay open, but nothing comes any more on those that are open now. */
  silenceSubscriptions(): void {
    for (const call of this.subscriptions) call.emit('silence');
  }

  /** No call is answered until {@link thaw}. */
  freeze(): void {
    this.frozen ??= Promise.withResolvers<void>();
  }

  thaw(): void {
    this.frozen?.resolve();
    this.frozen = undefined;
  }

  /** From now on nobody leads, and followers name the last leader. */
  startElection(): void {
    this.leader = undefined;
  }

  /** Ends an election: this node leads. */
  elect(index: number): void {
    this.leader = this.lastLeader = this.nodes[index];
  }

  /** From now on the node knows no leader, as a read-only replica that has lost its cluster. */
  isolate(index: number): void {
    const node = this.nodes[index];
    if (node !== undefined) this.isolated.add(node);
  }

  /** Breaks all connections of the node; nobody answers at its address any more. */
  stopNode(index: number): void {
    this.nodes[index]?.stop();
  }

  async startNode(index: number): Promise<void> {
    await this.nodes[index]?.start();
  }

  stop(): void {
    this.thaw();
    for (const node of this.nodes) node.stop();
  }

  private serve(node: DoubleNode, server: Server): void {
    server.addService(STREAMS, {
      append: (call: ServerReadableStream<AppendReq, AppendResp>, answer: sendUnaryData<AppendResp>) => {
        const messages: AppendReq[] = [];
        const sinceMs = performance.now();
        call.on('data', (message: AppendReq) => messages.push(message));
        call.on('error', () => undefined);
        call.on('end', () => void this.append(node, { metadata: call.metadata, messages, sinceMs }, answer));
      },
      read: (call: ServerWritableStream<ReadReq, Uint8Array>) => void this.read(node, call),
    });
    this.serveUsers(server);
    server.addService(gossipService.GossipService, {
      read: (_call: ServerUnaryCall<Empty, ClusterInfo>, answer: sendUnaryData<ClusterInfo>) => {
        if (this.gossipFails) answer(errorOf(NOT_READY));
        else answer(null, gossipResponse(this.nodes.map((each) => this.member(each))));
      },
    });
  }

  /** Only the administrator `admin` may manage users. */
  private serveUsers(server: Server): void {
    const asAdministrator =
      <Request, Response>(response: Response, act: (request: Request) => Error | undefined) =>
      (call: ServerUnaryCall<Request, Response>, answer: sendUnaryData<Response>): void => {
        const [login = ''] = call.metadata.get('authorization').map(String);
        const [user] = Buffer.from(login.replace(/^Basic /, ''), 'base64')
          .toString()
          .split(':');
        const refusal = user === 'admin' ? act(call.request) : errorOf(ACCESS_DENIED);
        if (refusal === undefined) answer(null, response);
        else answer(refusal);
      };
    server.addService(usersService.UsersService, {
      create: asAdministrator(new users.CreateResp(), (request: users.CreateReq) => {
        const { loginName = '', password = '', groupsList = [] } = request.getOptions()?.toObject() ?? {};
        if (this.users.has(loginName)) {
          return errorOf({ code: status.FAILED_PRECONDITION, details: 'Conflict.', exception: 'user-conflict' });
        }
        this.users.set(loginName, { password, groups: groupsList });
        return undefined;
      }),
      update: asAdministrator(new users.UpdateResp(), (request: users.UpdateReq) => {
        const { loginName = '', groupsList = [] } = request.getOptions()?.toObject() ?? {};
        this.users.set(loginName, { password: this.users.get(loginName)?.password ?? '', groups: groupsList });
        return undefined;
      }),
      resetPassword: asAdministrator(new users.ResetPasswordResp(), (request: users.ResetPasswordReq) => {
        const { loginName = '', newPassword = '' } = request.getOptions()?.toObject() ?? {};
        this.users.set(loginName, { password: newPassword, groups: this.users.get(loginName)?.groups ?? [] });
        return undefined;
      }),
    });
  }

  private member(node: DoubleNode): Member {
    const role = node === this.leader ? 'leader' : 'follower';
    return { port: node.port, role, isAlive: node.isAlive };
  }

  /** Why a node cannot serve a call that needs the leader. */
  private notLeader(node: DoubleNode, metadata: Metadata): Error | undefined {
    if (!isLeaderRequired(metadata) || node === this.leader) return undefined;
    if (this.isolated.has(node)) return errorOf(NO_LEADER);
    const error = errorOf({ code: status.NOT_FOUND, details: 'Leader info available', exception: 'not-leader' });
    error.metadata.set('leader-endpoint-host', '127.0.0.1');
    error.metadata.set('leader-endpoint-port', String(this.lastLeader?.port ?? 0));
    return error;
  }

  private async append(
    node: DoubleNode,
    { metadata, messages, sinceMs }: AppendCall,
    answer: sendUnaryData<AppendResp>,
  ): Promise<void> {
    await this.frozen?.promise;
    const request = appendRequest(messages);
    const refusal = this.notLeader(node, metadata) ?? tooLarge(request);
    const fault = refusal === undefined ? this.appendFaults.shift() : undefined;
    if (fault === 'times out') await delay(COMMIT_TIMEOUT_MS);
    if (refusal !== undefined) answer(refusal);
    else if (fault === 'not ready') answer(errorOf(NOT_READY));
    else if (fault === 'refused') answer(errorOf(ACCESS_DENIED));
    else if (fault === 'times out') answer(errorOf(COMMIT_TIMEOUT));
    else await this.write(request, sinceMs, answer, fault);
  }

  private async write(
    { stream, expected, events }: AppendRequest,
    sinceMs: number,
    answer: sendUnaryData<AppendResp>,
    fault: AppendFault | undefined,
  ): Promise<void> {
    const revision = expected ?? this.log.streamEvents(stream, 0, Infinity).length - 1;
    const result = this.log.append(stream, revision, events);
    if (result.kind === 'wrong revision') {
      answer(null, wrongRevisionResponse(revision, result.actual));
      return;
    }
    if (result.kind === 'repeated' && this.log.committedCount <= result.at) {
      await delay(COMMIT_TIMEOUT_MS);
      answer(errorOf(COMMIT_TIMEOUT));
      return;
    }
    const commitMs = this.commitMs + (events.length - 1) * this.commitMsPerEvent;
    if (commitMs > 0) await this.pace.hold(sinceMs, commitMs);
    this.log.commit(result.at);
    if (fault === 'stands but times out') {
      await delay(COMMIT_TIMEOUT_MS);
      answer(errorOf(COMMIT_TIMEOUT));
    } else if (fault === 'stands but drops') {
      answer(errorOf(DROPPED));
    } else if (fault === 'answered last') {
      this.answersHeld.push(() => answer(null, appendedResponse(result.last)));
    } else {
      await this.frozen?.promise;
      answer(null, appendedResponse(result.last));
      for (const held of this.answersHeld.splice(0)) held();
    }
  }

  private async read(node: DoubleNode, call: ServerWritableStream<ReadReq, Uint8Array>): Promise<void> {
    call.on('error', () => undefined);
    await this.frozen?.promise;
    const notLeader = this.notLeader(node, call.metadata);
    if (notLeader !== undefined) {
      call.emit('error', notLeader);
      return;
    }
    const request = readRequest(call.request);
    if (request.stream === undefined && typeof request.from === 'number' && !this.log.isPlace(request.from)) {
      call.emit('error', errorOf(NO_POSITION));
      return;
    }
    if (request.limit === undefined) await this.subscribe(call, request);
    else if (request.stream === undefined) await this.readAll(call, request);
    else await this.readStream(call, request, request.stream);
  }

  private async readStream(
    call: ServerWritableStream<ReadReq, Uint8Array>,
    { from, forwards, limit = 0 }: ReadRequest,
    stream: string,
  ): Promise<void> {
    this.streamReadCount++;
    const count = this.log.visibleIn(stream);
    if (count === 0) {
      await send(call, streamNotFoundResponse(stream));
      call.end();
      return;
    }
    const first = from === 'start' ? 0 : from === 'end' ? count - 1 : from;
    const chosen = forwards
      ? this.log.streamEvents(stream, first, Math.min(count, first + limit))
      : this.log.streamEvents(stream, Math.max(0, first + 1 - limit), Math.min(count, first + 1)).toReversed();
    for (const event of chosen) await send(call, eventResponse(event));
    call.end();
  }

  private async readAll(
    call: ServerWritableStream<ReadReq, Uint8Array>,
    { from, forwards, limit = 0, matches }: ReadRequest,
  ): Promise<void> {
    const step = forwards ? 1 : -1;
    let index = from === 'start' ? 0 : from === 'end' ? this.log.committedCount - 1 : this.log.indexOf(from);
    for (let left = limit; left > 0 && !call.cancelled; index += step) {
      const event = this.log.at(index);
      if (event === undefined) break;
      if (!matches(event)) continue;
      left--;
      await send(call, eventResponse(event));
    }
    call.end();
  }

  private async subscribe(
    call: ServerWritableStream<ReadReq, Uint8Array>,
    { from, matches, checkpointEvents = Infinity }: ReadRequest,
  ): Promise<void> {
    let wake = (): void => undefined;
    // It may have been cancelled before anybody listened.
    const state = { isOver: call.cancelled, isSilent: false };
    const end = (): void => {
      state.isOver = true;
      wake();
    };
    for (const event of ['cancelled', 'close', 'error'] as const) call.on(event, end);
    call.on('silence', () => {
      state.isSilent = true;
    });
    const removeListener = this.log.onCommit(() => wake());
    this.subscriptions.add(call);
    try {
      await send(call, confirmationResponse());
      let index = from === 'start' ? 0 : from === 'end' ? this.log.committedCount : this.log.indexOf(from + 1);
      let unreported = 0;
      while (!state.isOver) {
        await this.frozen?.promise;
        const event = state.isSilent ? undefined : this.log.at(index);
        if (event === undefined) {
          await new Promise<void>((resolve) => (wake = resolve));
          continue;
        }
        index++;
        unreported++;
        if (matches(event)) {
          this.followedCount++;
          await send(call, eventResponse(event));
        }
        if (unreported < checkpointEvents) continue;
        await send(call, checkpointResponse(event.position));
        unreported = 0;
      }
    } finally {
      removeListener();
      this.subscriptions.delete(call);
    }
  }
}

const WRITABLE_AGAIN = ['drain', 'cancelled', 'close', 'error'] as const;

const send = (call: ServerWritableStream<ReadReq, Uint8Array>, response: Uint8Array): Promise<void> | undefined => {
  if (call.cancelled || call.destroyed || call.write(response)) return undefined;
  return new Promise((resolve) => {
    const resume = (): void => {
      for (const event of WRITABLE_AGAIN) call.off(event, resume);
      resolve();
    };
    for (const event of WRITABLE_AGAIN) call.on(event, resume);
  });
};
