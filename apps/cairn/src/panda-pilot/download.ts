import { trimEnd } from '#platform/trim-characters.js';

const NOT_FOUND = 404;
const TIMEOUT_MS = 10 * 60_000;

/** Downloads files that jobs need. They need no token. */
export class Download {
  constructor(private readonly server: string) {}

  /**
   * @param address whole, or below the address of the server
   * @param elsewhere another server that may have it when this one does not
   */
  async open(address: string, elsewhere: string | undefined, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const whole = address.startsWith('/') ? trimEnd(this.server, '/') + address : address;
    let response = await this.get(whole, signal);
    if (response.status === NOT_FOUND && elsewhere !== undefined) {
      response = await this.get(trimEnd(elsewhere, '/') + address, signal);
    }
    if (!response.ok || response.body === null) throw new Error(`${response.url}: ${response.status}`);
    return response.body;
  }

  private get(url: string, signal: AbortSignal): Promise<Response> {
    return fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
  }
}
