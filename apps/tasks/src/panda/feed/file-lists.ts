import { isObject } from '#platform/json-object.js';
import type { NewFile } from '#contracts/panda/events.js';
import { BoundedPattern } from '#platform/bounded-pattern.js';
import { InvalidDocument, type TaskDocument } from '../refine/task-document.js';

/** Names sorted between two yields. */
const SORTED_AT_ONCE = 2_000;
const FILES_PER_YIELD = 500;
/** The most records that a file is split into. */
const PIECES_MAX = 200_000;
const PATTERN_CHARACTERS_MAX = 500;
/** Time to match some hundred names, on a busy machine too. Patterns that go back again and again would take hours. */
const MATCH_MS_MAX = 200;

/** Steps of work between which others may take their turn. */
type Sliced<Result> = Generator<void, Result, void>;

/** How a list of files is cut down and split by events (PanDA contract 9.3). */
export interface Cut {
  readonly filesMax: number | null;
  readonly eventsMax: number | null;
  readonly eventsPerFile: number | null;
  readonly eventsPerJob: number | null;
}

/** The files that an item lists itself, those filtered out that it does not want; in order of their names. */
export function* listedFiles(item: TaskDocument, files: readonly unknown[]): Sliced<readonly NewFile[]> {
  const wantedOf = filterOf(item);
  const wanted: NewFile[] = [];
  for (let from = 0; from < files.length; from += FILES_PER_YIELD) {
    const some = files.slice(from, from + FILES_PER_YIELD).map((entry, at) => fileOf(entry, from + at));
    for (const file of wantedOf(some)) wanted.push(file);
    yield;
  }
  const sorted = yield* sortedByName(wanted);
  return sorted.slice(item.integer('offset') ?? 0);
}

/** A list of physical names, each with `^<events>` at its end where its events are known. */
export const namedFiles = (names: readonly string[]): readonly NewFile[] =>
  names.map((name, index) => {
    const [, plain = name, events] = /^(.*)\^(\d+)$/su.exec(name) ?? [];
    const lfn = `${String(index).padStart(6, '0')}:${plain}`;
    return events === undefined ? { lfn } : { lfn, n_events: Number(events) };
  });

/** As many of the files as are allowed, split into pieces of the events of one job where a file has more. */
export function* cutFiles(files: readonly NewFile[], cut: Cut): Sliced<readonly NewFile[]> {
  const { filesMax, eventsMax, eventsPerFile, eventsPerJob } = cut;
  const records: NewFile[] = [];
  let eventsLeft = eventsMax ?? Infinity;
  for (const [index, file] of files.slice(0, filesMax ?? files.length).entries()) {
    if (eventsLeft <= 0) break;
    const events = file.n_events ?? eventsPerFile ?? 0;
    const counted = events > 0 ? { ...file, n_events: events } : file;
    if (eventsPerJob === null || events <= eventsPerJob) records.push(counted);
    else for (const piece of pieces(counted, Math.min(events, eventsLeft), eventsPerJob)) records.push(piece);
    eventsLeft -= events;
    if (index % FILES_PER_YIELD === 0) yield;
  }
  return records;
}

/** @param events how many events of the file are wanted */
const pieces = (file: NewFile, events: number, perPiece: number): readonly NewFile[] => {
  const length = Math.ceil(events / perPiece);
  if (length > PIECES_MAX) throw new InvalidDocument(`the file ${file.lfn} has more than ${PIECES_MAX} parts`);
  return Array.from({ length }, (_, index) => {
    const start_event = index * perPiece;
    const end_event = Math.min(start_event + perPiece, events) - 1;
    return { ...file, n_events: end_event - start_event + 1, start_event, end_event };
  });
};

const fileOf = (entry: unknown, index: number): NewFile => {
  if (typeof entry === 'string' && entry !== '') return { lfn: entry };
  const { lfn, scope, fsize, guid, checksum, events } = isObject(entry) ? entry : {};
  if (typeof lfn !== 'string' || lfn === '') throw new InvalidDocument(`files[${index}] has no lfn`);
  return {
    lfn,
    ...(typeof scope === 'string' && { scope }),
    ...(typeof guid === 'string' && { guid }),
    ...(typeof checksum === 'string' && { checksum }),
    ...(isCount(fsize) && { fsize }),
    ...(isCount(events) && { n_events: events }),
  };
};

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

const filterOf = (item: TaskDocument): ((files: readonly NewFile[]) => readonly NewFile[]) => {
  const [included, excluded] = [patternsOf(item, 'include'), patternsOf(item, 'exclude')];
  return (files) => {
    const names = files.map(({ lfn }) => lfn);
    const [inside, outside] = [included.map((match) => match(names)), excluded.map((match) => match(names))];
    return files.filter(
      (_, at) =>
        (inside.length === 0 || inside.some((matches) => matches[at])) && !outside.some((matches) => matches[at]),
    );
  };
};

/** What says which of some names match a pattern. */
type Matcher = (names: readonly string[]) => readonly boolean[];

const patternsOf = (item: TaskDocument, key: string): readonly Matcher[] =>
  (item.names(key) ?? []).map((text) => {
    if (text.length > PATTERN_CHARACTERS_MAX) throw new InvalidDocument(`${key} has a pattern that is too long`);
    const pattern = BoundedPattern.parse(text);
    if (pattern === undefined) throw new InvalidDocument(`${key} has an invalid pattern: ${text}`);
    return (names) => {
      const matches = pattern.matchesWithin(MATCH_MS_MAX, names);
      if (matches === undefined) throw new InvalidDocument(`${key} has a pattern that takes too long: ${text}`);
      return matches;
    };
  });

function* sortedByName(files: readonly NewFile[]): Sliced<readonly NewFile[]> {
  let runs: (readonly NewFile[])[] = [];
  for (let from = 0; from < files.length; from += SORTED_AT_ONCE) {
    runs.push(files.slice(from, from + SORTED_AT_ONCE).sort(byName));
    yield;
  }
  while (runs.length > 1) {
    const merged: (readonly NewFile[])[] = [];
    for (let at = 0; at < runs.length; at += 2) merged.push(yield* mergedRuns(runs[at] ?? [], runs[at + 1] ?? []));
    runs = merged;
  }
  return runs[0] ?? [];
}

function* mergedRuns(left: readonly NewFile[], right: readonly NewFile[]): Sliced<readonly NewFile[]> {
  const merged: NewFile[] = [];
  let [i, j] = [0, 0];
  for (;;) {
    const [a, b] = [left[i], right[j]];
    if (a === undefined || b === undefined) return [...merged, ...left.slice(i), ...right.slice(j)];
    if (byName(a, b) <= 0) {
      merged.push(a);
      i += 1;
    } else {
      merged.push(b);
      j += 1;
    }
    if (merged.length % SORTED_AT_ONCE === 0) yield;
  }
}

const byName = (a: NewFile, b: NewFile): number => (a.lfn < b.lfn ? -1 : a.lfn > b.lfn ? 1 : 0);
