import { connect, type Socket } from 'node:net';

/** An answer that takes longer counts as missing. */
const ANSWER_TIMEOUT_MS = 25_000;

export interface RawAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Splits the first answer from the received text; undefined while it is incomplete. */
const firstAnswer = (text: string): { readonly answer: RawAnswer; readonly rest: string } | undefined => {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const [line = '', ...fields] = text.slice(0, end).split('\r\n');
  const [, status = '0', reason = ''] = /^HTTP\/1\.1 (\d{3}) ?(.*)$/.exec(line) ?? [];
  const headers = Object.fromEntries(
    fields.map((field) => [
      field.slice(0, field.indexOf(':')).toLowerCase(),
      field.slice(field.indexOf(':') + 1).trim(),
    ]),
  );
  const behind = text.slice(end + 4);
  const length = Number(status) < 200 ? 0 : Number(headers['content-length'] ?? 0);
  if (behind.length < length) return undefined;
  const answer = { status: Number(status), reason, headers, body: behind.slice(0, length) };
  return { answer, rest: behind.slice(length) };
};

const answersIn = (text: string): readonly RawAnswer[] => {
  const answers: RawAnswer[] = [];
  for (let next = firstAnswer(text); next !== undefined; next = firstAnswer(next.rest)) answers.push(next.answer);
  return answers;
};

/** A TCP connection that sends any bytes. */
export class RawConnection {
  private readonly socket: Socket;
  private text = '';
  private isOver = false;
  private wake = (): void => undefined;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    this.socket.on('data', (part: Buffer) => {
      // One character for each byte, so that lengths agree.
      this.text += part.toString('latin1');
      this.wake();
    });
    const over = (): void => {
      this.isOver = true;
      this.wake();
    };
    this.socket.on('end', over);
    this.socket.on('close', over);
    // Tests see a broken connection by the answers that are missing.
    this.socket.on('error', over);
  }

  send(text: string | Buffer): void {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
  }

  /** Closes the sending side. */
  finish(): void {
    this.socket.end();
  }

  /** Resets the connection. */
  breakOff(): void {
    this.socket.resetAndDestroy();
  }

  /** Resolves with the answers so far when there are `count`, or when the server has closed the connection. */
  async answers(count: number): Promise<readonly RawAnswer[]> {
    const timer = setTimeout(() => this.wake(), ANSWER_TIMEOUT_MS);
    const endMs = Date.now() + ANSWER_TIMEOUT_MS;
    while (answersIn(this.text).length < count && !this.isOver && Date.now() < endMs) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.wake = resolve;
      await promise;
    }
    clearTimeout(timer);
    if (answersIn(this.text).length < count && !this.isOver) throw new Error(`no answer: ${this.text.slice(0, 500)}`);
    return answersIn(this.text);
  }

  /** Resolves with all answers when the server has closed the connection. */
  all(): Promise<readonly RawAnswer[]> {
    return this.answers(Number.POSITIVE_INFINITY);
  }

  close(): void {
    this.socket.destroy();
  }
}
