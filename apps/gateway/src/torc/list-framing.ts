import type { Framing } from '../route/streaming.js';
import { LIMIT_MAX } from './parameters.js';

/** Torc contract 1.6: items as they come, and behind them what is known only then. One per answer. */
export class ListFraming implements Framing {
  readonly open = '{"items":[';
  private count = 0;
  private total: number | undefined;

  /** @param isWhole the answer is all there is, so that clients do not go on (Torc contract 5.13, 5.15) */
  constructor(
    private readonly skip: number,
    private readonly isWhole = false,
  ) {}

  /** Call it with the first page. */
  begin({ total_count }: { readonly total_count?: number }): void {
    this.total = total_count;
  }

  chunk(entries: readonly string[], isFirst: boolean): string {
    this.count += entries.length;
    return (isFirst ? '' : ',') + entries.join(',');
  }

  get close(): string {
    const { count, skip, isWhole } = this;
    const total = isWhole ? count : (this.total ?? skip + count);
    const hasMore = !isWhole && count > 0 && skip + count < total;
    return `],"skip":${skip},"max_limit":${LIMIT_MAX},"count":${count},"total_count":${total},"has_more":${hasMore}}`;
  }
}

/** Pieces of a text. */
export const asText = (): Framing => ({ open: '', close: '', chunk: (pieces) => pieces.join('') });

/** Lines of a text, as the one member of an object. */
export const asLinesIn = (name: string): Framing => ({
  open: `{${JSON.stringify(name)}:"`,
  close: '"}',
  chunk: (lines, isFirst) => (isFirst ? '' : '\\n') + JSON.stringify(lines.join('\n')).slice(1, -1),
});
