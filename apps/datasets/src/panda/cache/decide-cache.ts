import type {
  ChangedFile,
  SandboxName,
  StoreCacheFileRequest,
  StoredFile,
  StoreSandboxRequest,
  UploadRefusal,
} from '#contracts/panda/cache.js';
import { CACHE_STREAM, type CacheEvents, type Registration } from '#contracts/panda/cache-events.js';
import type { Decided, DecidedEvent } from '#event-sourcing/command.js';
import type { CacheView } from './cache-view.js';

/** Names that end so may be stored again (contract 7.3). */
const OVERWRITABLE = '__ow__';

/** Keys of blobs that no file has any more, once the events are recorded. */
export interface Drops {
  readonly drops: readonly string[];
}

const event = <Type extends keyof CacheEvents>(type: Type, data: CacheEvents[Type]): DecidedEvent => ({
  stream: CACHE_STREAM,
  type,
  data,
});

const NOTHING_DROPPED: Drops = { drops: [] };

/** What stands against a sandbox. Of a name that is in use, the file is touched (contract 7.3, 7.4, D28). */
const refusalOf = (
  view: CacheView,
  { path, owner, host }: SandboxName,
): { readonly refusal: UploadRefusal; readonly events: readonly DecidedEvent[] } | undefined => {
  const holder = view.owner(path);
  if (holder !== undefined && !path.endsWith(OVERWRITABLE)) {
    return { refusal: 'exists', events: [event('CacheFileTouched', { path })] };
  }
  // The file itself counts as well as its registration: hosts are named by clients, and some files are not registered.
  const others = [holder, view.registrant({ host, file_name: path })].filter(
    (name) => name !== undefined && name !== owner,
  );
  return others.length > 0 ? { refusal: 'registered', events: [] } : undefined;
};

/** Whether a sandbox may be stored. */
export const admitSandbox = (view: CacheView, name: SandboxName): Decided<{ readonly refusal?: UploadRefusal }> => {
  const refused = refusalOf(view, name);
  return refused === undefined
    ? { events: [], reply: {} }
    : { events: refused.events, reply: { refusal: refused.refusal } };
};

/** Stores a sandbox and registers it (contract 7.3, 7.4). */
export const storeSandbox = (
  view: CacheView,
  { path, owner, host, blob, checksum, is_registered }: StoreSandboxRequest,
): Decided<Drops & ({ readonly refusal: UploadRefusal } | StoredFile)> => {
  const refused = refusalOf(view, { path, owner, host });
  if (refused !== undefined) {
    return { events: refused.events, reply: { ...NOTHING_DROPPED, refusal: refused.refusal } };
  }
  const registration = { host, file_name: path, user_name: owner, file_size: blob.size, checksum };
  return {
    events: [event('CacheFileStored', { path, owner, blob, ...(is_registered && { registration }) })],
    reply: { drops: view.keys(path), key: blob.key },
  };
};

const isForeign = (view: CacheView, { path, owner, is_production }: ChangedFile): boolean => {
  const holder = view.owner(path);
  return holder !== undefined && holder !== owner && !is_production;
};

type StoreReply = Drops & ({ readonly refusal: 'foreign' } | StoredFile);

const FOREIGN: Decided<Drops & { readonly refusal: 'foreign' }> = {
  events: [],
  reply: { ...NOTHING_DROPPED, refusal: 'foreign' },
};

/** Stores a log or a checkpoint in place of the one before. */
export const storeFile = (view: CacheView, request: StoreCacheFileRequest): Decided<StoreReply> => {
  if (isForeign(view, request)) return FOREIGN;
  const { path, owner, blob } = request;
  return {
    events: [event('CacheFileStored', { path, owner, blob })],
    reply: { drops: view.keys(path), key: blob.key },
  };
};

/** Makes a log longer (contract 7.6). */
export const appendToFile = (view: CacheView, request: StoreCacheFileRequest): Decided<StoreReply> => {
  if (isForeign(view, request)) return FOREIGN;
  const { path, owner, blob } = request;
  return {
    events: [event('CacheFileAppended', { path, owner, blob })],
    reply: { ...NOTHING_DROPPED, key: blob.key },
  };
};

export const touchFile = (view: CacheView, path: string): Decided<{ readonly found: boolean }> => {
  const found = view.owner(path) !== undefined;
  return { events: found ? [event('CacheFileTouched', { path })] : [], reply: { found } };
};

export const deleteFile = (
  view: CacheView,
  request: ChangedFile,
): Decided<Drops & { readonly refusal?: 'absent' | 'foreign' }> => {
  const { path } = request;
  if (view.owner(path) === undefined) return { events: [], reply: { ...NOTHING_DROPPED, refusal: 'absent' } };
  if (isForeign(view, request)) return FOREIGN;
  return { events: [event('CacheFileDeleted', { path })], reply: { drops: view.keys(path) } };
};

/** Registers a file of some server, unless another user has (D28). */
export const registerFile = (
  view: CacheView,
  registration: Registration,
): Decided<{ readonly registered: boolean }> => {
  const registrant = view.registrant(registration);
  const registered = registrant === undefined || registrant === registration.user_name;
  return { events: registered ? [event('CacheFileRegistered', { registration })] : [], reply: { registered } };
};

/**
 * Removes some of the files and registrations that are older.
 *
 * @returns how many in `expired`: when it is 0 there are no more
 */
export const expireFiles = (
  view: CacheView,
  beforeMicros: number,
  limit: number,
): Decided<Drops & { readonly expired: number }> => {
  const paths = view.untouched(beforeMicros, limit);
  const registrations = view.strayRegistrations(beforeMicros, limit);
  const expired = paths.length + registrations.length;
  return {
    events: expired === 0 ? [] : [event('CacheFilesExpired', { paths, registrations })],
    reply: { expired, drops: paths.flatMap((path) => view.keys(path)) },
  };
};
