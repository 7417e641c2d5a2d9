import { elementsOf } from '#contracts/raw-json.js';
import type { Framing } from '../route/streaming.js';

/** Merges `[status, [id, ...]]` pieces to one object; the ids of a status may come in several pieces, also of several pages. */
export class StatusFraming implements Framing {
  readonly open = '{';
  /** Raw JSON of the status whose array is open. */
  private status: string | undefined;

  get close(): string {
    return this.status === undefined ? '}' : ']}';
  }

  chunk(entries: readonly string[]): string {
    return entries.map((entry) => this.next(entry)).join('');
  }

  private next(entry: string): string {
    const [status = '""', ids = '[]'] = elementsOf(entry);
    const inner = ids.trim().slice(1, -1).trim();
    if (inner === '') return '';
    if (status === this.status) return `,${inner}`;
    const before = this.status === undefined ? '' : '],';
    this.status = status;
    return `${before}${status}:[${inner}`;
  }
}
