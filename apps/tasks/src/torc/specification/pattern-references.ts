import { BoundedPattern } from '#platform/bounded-pattern.js';
import { DomainError } from '#platform/domain-error.js';
import { badRequest } from '#contracts/torc/refusals.js';
import type { Names, Slot } from './names.js';

/** Names that a pattern is tried on between two yields. */
const NAMES_PER_SLICE = 100;
/** Time for so many names. */
const SLICE_MS_MAX = 10;
/** All patterns of a specification may be tried on so many names together, */
const TRIED_MAX = 5_000_000;
/** and find so many. */
const FOUND_MAX = 1_000_000;

/** Finds what patterns of a specification refer to. One object per specification: it bounds all of them together. */
export class PatternReferences {
  private readonly known = new Map<Names, Map<string, readonly Slot[] | DomainError>>();
  private tried = 0;
  private found = 0;

  /** What has a name in which the pattern is found; refused when nothing has. */
  *find(pattern: string, names: Names): Generator<void, readonly Slot[] | DomainError, void> {
    let known = this.known.get(names);
    if (known === undefined) this.known.set(names, (known = new Map<string, readonly Slot[] | DomainError>()));
    let found = known.get(pattern);
    if (found === undefined) known.set(pattern, (found = yield* this.search(pattern, names)));
    if (found instanceof DomainError) return found;
    this.found += found.length;
    return this.found > FOUND_MAX ? badRequest(`patterns find more than ${FOUND_MAX} names together`) : found;
  }

  private *search(text: string, names: Names): Generator<void, readonly Slot[] | DomainError, void> {
    const quoted = JSON.stringify(text.slice(0, 100));
    const pattern = BoundedPattern.parse(text);
    if (pattern === undefined) return badRequest(`${quoted} is no regular expression`);
    this.tried += names.size;
    if (this.tried > TRIED_MAX) return badRequest(`patterns are tried on more than ${TRIED_MAX} names together`);
    const found: Slot[] = [];
    const slice: string[] = [];
    const take = (): DomainError | undefined => {
      const matches = pattern.matchesWithin(SLICE_MS_MAX, slice);
      if (matches === undefined) return badRequest(`${quoted} takes too long to match`);
      for (const [at, name] of slice.splice(0).entries()) {
        if (matches[at] !== true) continue;
        const slot = names.find(name);
        if (slot === 'many') return badRequest(`${quoted} matches ${JSON.stringify(name)}, which several have`);
        if (slot !== undefined) found.push(slot);
      }
      return undefined;
    };
    for (const name of names.all()) {
      if (slice.push(name) < NAMES_PER_SLICE) continue;
      const refusal = take();
      if (refusal !== undefined) return refusal;
      yield;
    }
    return take() ?? (found.length > 0 ? found : badRequest(`${quoted} matches no name`));
  }
}
