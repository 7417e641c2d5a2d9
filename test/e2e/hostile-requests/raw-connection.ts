import { connect, type Socket } from 'node:net';

/** An answer that takes longer is missing. */
const ANSWER_TIMEOUT_MS = 25_000;

export interface RawAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One answer at the beginning of what has arrived, with what is behind it; undefined when it is not whole. */
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

/** A connection over which anything is sent, HTTP or not. */
export class RawConnection {
  private readonly socket: Socket;
  private text = '';
  private isOver = false;
  private wake = (): void => undefined;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    this.socket.on('data', (part: Buffer) => {
      // Lengths are those of bytes, and so are those of these characters.
      this.text += part.toString('latin1');
      this.wake();
    });
    const over = (): void => {
      this.isOver = true;
      this.wake();
    };
    this.socket.on('end', over);
    this.socket.on('close', over);
    // That it was broken off is told by what has arrived until then.
    this.socket.on('error', over);
  }

  send(text: string | Buffer): void {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
  }

  /** Says that nothing more comes. */
  finish(): void {
    this.socket.end();
  }

  /** As when a cable is pulled. */
  breakOff(): void {
    this.socket.resetAndDestroy();
  }

  /** Answers so far: as soon as there are so many, or the server has ended the connection. */
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

  /** All answers until the server has ended the connection. */
  all(): Promise<readonly RawAnswer[]> {
    return this.answers(Number.POSITIVE_INFINITY);
  }

  close(): void {
    this.socket.destroy();
  }
}
