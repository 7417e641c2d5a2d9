import { isObject, type JsonMembers } from '#platform/json-object.js';
import type { RangeReport, RangeZip } from '#contracts/panda/range-events.js';
import type { ReportVersion } from '#contracts/panda/ranges.js';
import { parseRangeId, type RangeId } from './range-id.js';

/** What is said of one range. */
export interface ReportedItem {
  readonly id: RangeId;
  /** Undefined for `running` and `transferring`, which are only acknowledged. */
  readonly outcome: Omit<RangeReport, 'ranges' | 'zip'> | undefined;
  readonly zip: RangeZip | undefined;
  /** Seconds. */
  readonly cpuSeconds: number;
  readonly cores: number | undefined;
}

/** Characters of `error_diag` (contract 3.6). */
const DIAG_CHARACTERS_MAX = 500;
const NAME_CHARACTERS_MAX = 1_000;

const wholeNumber = (value: unknown): number | undefined => {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? Math.trunc(number) : undefined;
};

/**
 * What an element of a report says, in order (contract 5.2). Undefined stands for an item that names no range, or no status that there is. In versions 1
 * and 2 an element may be a list of ranges, with the file that holds their outputs.
 */
export function* itemsOf(element: unknown, version: ReportVersion): Iterable<ReportedItem | undefined> {
  const ranges = version !== 0 && isObject(element) ? element['eventRanges'] : undefined;
  if (!isObject(element) || !Array.isArray(ranges)) {
    yield itemOf(element, undefined);
    return;
  }
  const zip = zipOf(element['zipFile']);
  for (const range of ranges as readonly unknown[]) yield itemOf(range, zip);
}

const itemOf = (element: unknown, zip: RangeZip | undefined): ReportedItem | undefined => {
  if (!isObject(element)) return undefined;
  const id = parseRangeId(element['eventRangeID']);
  const status = element['eventStatus'];
  if (id === undefined || typeof status !== 'string') return undefined;
  const cores = wholeNumber(element['coreCount']);
  const cpuSeconds = Math.max(0, wholeNumber(element['cpuConsumptionTime']) ?? 0);
  const common = { id, zip, cores, cpuSeconds };
  switch (status) {
    case 'running':
    case 'transferring':
      return { ...common, outcome: undefined };
    case 'finished':
    case 'failed':
      return { ...common, outcome: { status, ...detailsOf(element) } };
    case 'fatal':
      return { ...common, outcome: { status: 'failed', is_fatal: true, ...detailsOf(element) } };
    default:
      return undefined;
  }
};

/** `3`, `"3"` or `"3/1000"`: the object store and the convention of its paths. */
const storeOf = ({
  objstoreID: store,
  pathConvention,
}: JsonMembers): Pick<RangeReport, 'object_store' | 'path_convention'> => {
  const [id, convention] = typeof store === 'string' ? store.split('/') : [store, undefined];
  const [objectStore, path] = [wholeNumber(id), wholeNumber(pathConvention) ?? wholeNumber(convention)];
  return {
    ...(objectStore !== undefined && { object_store: objectStore }),
    ...(path !== undefined && { path_convention: path }),
  };
};

const detailsOf = (fields: JsonMembers): Omit<RangeReport, 'ranges' | 'zip' | 'status'> => {
  const code = wholeNumber(fields['errorCode']);
  const diag = fields['errorDiag'];
  return {
    ...storeOf(fields),
    ...(code !== undefined && code !== 0 && { error_code: code }),
    ...(typeof diag === 'string' && diag !== '' && { error_diag: diag.slice(0, DIAG_CHARACTERS_MAX) }),
  };
};

const zipOf = (value: unknown): RangeZip | undefined => {
  if (!isObject(value)) return undefined;
  const { lfn, fsize, adler32, numEvents } = value;
  if (typeof lfn !== 'string' || lfn === '' || lfn.length > NAME_CHARACTERS_MAX) return undefined;
  const { object_store: store, path_convention: path } = storeOf(value);
  const [size, events] = [wholeNumber(fsize), wholeNumber(numEvents)];
  return {
    lfn,
    object_store: `${store ?? ''}${path === undefined ? '' : `/${path}`}`,
    ...(size !== undefined && { fsize: size }),
    ...(typeof adler32 === 'string' && { checksum: `ad:${adler32.slice(0, NAME_CHARACTERS_MAX)}` }),
    ...(events !== undefined && { n_events: events }),
  };
};
