import type { PandaView, SequenceName } from '../view.js';

/** Hands out numbers of sequences to one change. */
export class Numbers {
  private readonly taken = new Map<SequenceName, number>();

  constructor(private readonly view: Pick<PandaView, 'next'>) {}

  take(sequence: SequenceName): number {
    const number = this.taken.get(sequence) ?? this.view.next(sequence);
    this.taken.set(sequence, number + 1);
    return number;
  }
}
