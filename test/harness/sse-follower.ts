import { setTimeout as delay } from 'node:timers/promises';

const RETRY_MS = 50;

/** An event as a consumer got it. */
export interface Got {
  readonly cursor: string;
  readonly id: string;
}

const fieldsOf = (frame: string): ReadonlyMap<string, string> =>
  new Map(
    frame.split('\n').map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
    }),
  );

/** Follows events over HTTP as a browser does: after each break it connects again with the last id. */
export class SseFollower {
  readonly got: Got[] = [];

  /**
   * @param query of the route, such as `?type=UnitFailed`
   * @param last id of the last event that it has
   */
  constructor(
    private readonly server: { readonly url: string },
    private readonly token: string,
    private readonly query = '',
    private last = '0',
  ) {}

  async follow(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await this.connect(stop).catch(() => undefined);
      await delay(RETRY_MS);
    }
  }

  private async connect(signal: AbortSignal): Promise<void> {
    const headers = { authorization: `bearer ${this.token}`, 'last-event-id': this.last };
    const response = await fetch(`${this.server.url}/cairn/events${this.query}`, { headers, signal });
    if (!response.ok || response.body === null) return;
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of response.body) {
      const frames = `${rest}${decoder.decode(chunk as Uint8Array, { stream: true })}`.split('\n\n');
      rest = frames.pop() ?? '';
      for (const frame of frames) this.take(fieldsOf(frame));
    }
  }

  private take(fields: ReadonlyMap<string, string>): void {
    const id = fields.get('id');
    if (id === undefined) return;
    this.last = id;
    const data = fields.get('data');
    if (data === undefined) return;
    const event = JSON.parse(data) as { readonly id: string; readonly sequence: string };
    this.got.push({ cursor: event.sequence, id: event.id });
  }
}
