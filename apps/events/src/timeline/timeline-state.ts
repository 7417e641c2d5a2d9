import type { ChangedValues, Values } from './values.js';
import { isHidden } from './values.js';

/** A subject whose values are longer in all, in characters, loses those first that have not changed for longest. */
const VALUES_CHARACTERS_MAX = 4 * 1024 * 1024;

/** One value before and after an event, as raw JSON. */
export interface Change {
  readonly name: string;
  /** Absent when there was none, or it is not known any more. */
  readonly before?: string;
  /** Absent when there is none any more. */
  readonly after?: string;
}

/** The values of the subject of a timeline between two events. */
export class TimelineState {
  private readonly values = new Map<string, string>();
  private characters = 0;

  get current(): Values {
    return this.values;
  }

  /** Returns what really changed, except what is hidden. */
  apply(changed: ChangedValues): readonly Change[] {
    const changes: Change[] = [];
    for (const [name, after] of changed) {
      const before = this.values.get(name);
      if (before === after) continue;
      this.set(name, before, after);
      if (isHidden(name)) continue;
      changes.push({ name, ...(before !== undefined && { before }), ...(after !== undefined && { after }) });
    }
    this.forgetOldest();
    return changes;
  }

  private set(name: string, before: string | undefined, after: string | undefined): void {
    this.characters += (after?.length ?? 0) - (before?.length ?? 0);
    // Last in the order of the map is what changed last.
    this.values.delete(name);
    if (after !== undefined) this.values.set(name, after);
  }

  private forgetOldest(): void {
    for (const [name, value] of this.values) {
      if (this.characters <= VALUES_CHARACTERS_MAX) return;
      this.set(name, value, undefined);
    }
  }
}
