import { asBuffer, CHUNK_BYTES_MAX, type ChunkedMessages } from './chunked-messages.js';
import type { Answer, Contract, Message, ProcessName, ServiceName } from './contract.js';
import type { Form, Frame, MessageFrames, MessageRefused } from './message-frames.js';

/** A request is under way until its answer came. */
export interface EncodedRequest {
  readonly bytes: Uint8Array;
  /** To be called when nobody will fetch it any more. */
  readonly release: () => void;
}

export interface ReceivedRequest {
  readonly from: ProcessName;
  /** Its answer is to be sealed as well. */
  readonly isSealed: boolean;
  readonly message: unknown;
}

/** Where an answer goes, and who waits there. */
export interface ReplyTo {
  readonly process: ProcessName;
  readonly subject: string;
  readonly isSealed: boolean;
}

/** Only a request to this subject, with its answer to that one, is accepted. */
const requestTo = (subject: string, reply: string): string => `request ${subject} ${reply}`;

/** The subject is unique per request, so no answer passes for that to another request. */
const answerTo = (reply: string): string => `answer ${reply}`;

/** What all processes of a name hear, without an answer. */
const noticeTo = (subject: string): string => `notice ${subject}`;

const nothingRetained = (): void => {
  // Small messages are gone when they are sent.
};

/**
 * Turns messages into bytes for the broker and back: JSON, encrypted if their contract says so, announced if they are
 * large, in a frame that shows who wrote it.
 */
export class MessageCodec {
  constructor(
    private readonly frames: MessageFrames,
    private readonly chunks: ChunkedMessages,
  ) {}

  /** Whether requests are authenticated. */
  get areProtected(): boolean {
    return this.frames.areProtected;
  }

  /** @throws DomainError when it is too large */
  encodeRequest(
    { subject, service, isSealed }: Contract<unknown, unknown>,
    reply: string,
    message: Message<unknown>,
  ): EncodedRequest {
    return this.encode(service, requestTo(subject, reply), isSealed, message, Number.POSITIVE_INFINITY);
  }

  /**
   * Answers at once, without a promise, for all but large messages.
   *
   * @throws MessageRefused
   */
  decodeRequest(subject: string, reply: string, data: Uint8Array): ReceivedRequest | Promise<ReceivedRequest> {
    const bound = requestTo(subject, reply);
    const frame = this.frames.read(bound, asBuffer(data));
    const isSealed = frame.form === 'sealed' || frame.form === 'sealed-chunks';
    const message = this.valueIn(frame, bound);
    return message instanceof Promise
      ? message.then((fetched: unknown) => ({ from: frame.from, isSealed, message: fetched }))
      : { from: frame.from, isSealed, message };
  }

  /** Logs that a request is not accepted, and makes the answer to it. */
  refuse(subject: string, reply: string, why: string): MessageRefused {
    return this.frames.refused(requestTo(subject, reply), why);
  }

  /** The answer is fetched once; throws as {@link MessageCodec.encodeRequest} does. */
  encodeAnswer({ process, subject, isSealed }: ReplyTo, answer: Answer<unknown> | undefined): Uint8Array {
    return this.encode(process, answerTo(subject), isSealed, answer, 1).bytes;
  }

  /**
   * Answers at once, without a promise, for all but large messages.
   *
   * @throws MessageRefused
   */
  decodeAnswer(service: ServiceName, reply: string, data: Uint8Array): unknown {
    const bound = answerTo(reply);
    const frame = this.frames.read(bound, asBuffer(data));
    if (frame.from !== service) throw this.frames.refused(bound, `${frame.from} answers for ${service}`);
    return this.valueIn(frame, bound);
  }

  /** A small message that nobody answers. */
  encodeNotice(to: ProcessName, subject: string, notice: unknown): Uint8Array {
    return this.frames.write(to, noticeTo(subject), 'json', Buffer.from(JSON.stringify(notice)));
  }

  /** @throws MessageRefused */
  decodeNotice(subject: string, data: Uint8Array): unknown {
    return JSON.parse(this.frames.read(noticeTo(subject), asBuffer(data)).body.toString());
  }

  private encode(to: ProcessName, bound: string, isSealed: boolean, value: unknown, fetches: number): EncodedRequest {
    const text = Buffer.from(JSON.stringify(value));
    const bytes = isSealed ? this.frames.seal(to, bound, text) : text;
    if (bytes.length <= CHUNK_BYTES_MAX) {
      const form: Form = isSealed ? 'sealed' : 'json';
      return { bytes: this.frames.write(to, bound, form, bytes), release: nothingRetained };
    }
    const { announcement, release } = this.chunks.announce(bytes, fetches);
    const form: Form = isSealed ? 'sealed-chunks' : 'chunks';
    return { bytes: this.frames.write(to, bound, form, announcement), release };
  }

  private valueIn(frame: Frame, bound: string): unknown {
    switch (frame.form) {
      case 'json':
        return JSON.parse(frame.body.toString());
      case 'sealed':
        return JSON.parse(this.frames.unseal(frame, bound, frame.body).toString());
      case 'chunks':
        return this.chunks.fetch(frame.body).then((bytes) => JSON.parse(bytes.toString()) as unknown);
      case 'sealed-chunks':
        return this.chunks
          .fetch(frame.body)
          .then((bytes) => JSON.parse(this.frames.unseal(frame, bound, bytes).toString()) as unknown);
    }
  }
}
