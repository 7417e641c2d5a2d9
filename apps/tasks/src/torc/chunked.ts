import { CHUNK_CHARACTERS_MAX, type Chunks } from '#event-sourcing/paged-answers.js';
import { Slices } from '#event-sourcing/slices.js';

/** An answer of texts that are made one after the other. Where nothing is yielded, the event loop may turn all the same. */
export async function* chunked(texts: Iterable<string | undefined>): Chunks {
  const slices = new Slices();
  let entries: string[] = [];
  let characters = 0;
  for (const text of texts) {
    if (text !== undefined) {
      entries.push(text);
      characters += text.length;
    }
    if (characters >= CHUNK_CHARACTERS_MAX) {
      yield { entries };
      [entries, characters] = [[], 0];
    }
    if (slices.spent) await slices.pause();
  }
  yield { entries };
  return undefined;
}
