import { join } from 'node:path';
import { type HttpClient, Refused } from './http-client.js';
import type { ResultRequest, Spool, SpoolEntry } from './spool.js';
import { bodyWithText } from './text-body.js';

const SERVER_ERROR = 500;

/** The server answers a result with server errors repeatedly: it stays on disk. */
export class Undelivered extends Error {
  override readonly name = 'Undelivered';
}

/** Sends results to the server and removes delivered ones from disk. */
export class Delivery {
  constructor(
    private readonly client: HttpClient,
    private readonly spool: Spool,
    private readonly note: (line: string) => void,
  ) {}

  /**
   * Resolves with whether the server accepted the result. A refused result, such as one of a unit that another worker has by now,
   * is removed too.
   *
   * @throws what {@link HttpClient.send} throws except {@link Refused}; Undelivered. The result then stays on disk.
   */
  async deliver(entry: SpoolEntry, signal: AbortSignal): Promise<boolean> {
    const { title, requests } = entry;
    for (const [index, request] of requests.entries()) {
      try {
        await this.send(entry, request, signal);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        const isLast = index === requests.length - 1;
        if (error.status >= SERVER_ERROR) throw new Undelivered(error.message, { cause: error });
        this.note(`${isLast ? 'dropped' : 'not kept'}: ${title}: ${error.message}`);
        if (!isLast) continue;
        await this.spool.remove(entry);
        return false;
      }
    }
    await this.spool.remove(entry);
    return true;
  }

  private async send({ folder }: SpoolEntry, request: ResultRequest, signal: AbortSignal): Promise<void> {
    const { method, path, body, text, idempotencyKey } = request;
    const content = text === undefined ? body : () => bodyWithText(body, text.member, join(folder, text.file));
    await this.client.send({ method, path, body: content, idempotencyKey, signal });
  }
}
