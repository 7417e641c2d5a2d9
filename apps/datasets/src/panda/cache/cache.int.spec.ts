import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { nowMicros } from '#platform/clock.js';
import type { Caller } from '#bus/contract.js';
import {
  AdmitSandbox,
  AppendToCacheFile,
  DeleteCacheFile,
  FindSandbox,
  GetCachePieces,
  GetOperatorRequest,
  ListOperatorRequests,
  MakeOperatorRequest,
  RegisterCacheFile,
  StoreCacheFile,
  StoreSandbox,
  TouchCacheFile,
} from '#contracts/panda/cache.js';
import { CACHE_BLOBS } from '#contracts/panda/cache-events.js';
import { OrphanCollector } from '#event-sourcing/orphan-collector.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import type { StoredBlob } from '#storage/blob-store.js';
import { FolderBlobStore } from '#storage/folder-blob-store.js';
import { keysIn, makeAllOld } from '#storage/testing/blob-folder.js';
import { DatasetsModule } from '../../datasets.module.js';
import { CacheExpiry } from './cache-expiry.js';

const CALLER: Caller = { subject: 'gateway', username: 'Demo User', roles: [], groups: [] };
const HOST = 'cairn.example.org';

const newCommand = (): string => randomUUID();

const DAY_MICROS = 24 * 3600 * 1_000_000;

describe('cache files', () => {
  let host: ServiceHost;
  let folder: string;
  let blobs: FolderBlobStore;

  beforeEach(async () => {
    host = new ServiceHost(DatasetsModule, { PANDA_CACHE_DAYS: '7' });
    folder = join(host.folder, 'blobs');
    blobs = new FolderBlobStore(folder);
    await host.start();
  });
  afterEach(() => host.end());

  const put = (text: string): Promise<StoredBlob> => blobs.put(CACHE_BLOBS.file + randomUUID(), text);

  const store = async (
    path: string,
    owner: string,
    text: string,
    { commandId = newCommand(), server = HOST, is_registered = true } = {},
  ): Promise<unknown> => {
    const blob = await put(text);
    const request = { path, owner, host: server, blob, checksum: String(text.length), is_registered };
    return host.request(StoreSandbox, request, CALLER, commandId);
  };

  const contentOf = async (path: string, from = 0): Promise<string | undefined> => {
    const { found } = await host.request(GetCachePieces, { path, from }, CALLER);
    if (found === undefined) return undefined;
    return (await Promise.all(found.pieces.map(({ key }) => blobs.getText(key)))).join('');
  };

  const find = (user_name: string, text: string): Promise<unknown> =>
    host.request(FindSandbox, { user_name, file_size: text.length, checksum: String(text.length) }, CALLER);

  it('are stored once, found by their content, and the same after a rebuild', async () => {
    expect(await host.request(AdmitSandbox, { path: 'a', owner: 'alice', host: HOST }, CALLER)).toEqual({});
    expect(await store('a', 'alice', 'first')).toHaveProperty('key');
    expect(await store('a', 'alice', 'second')).toMatchObject({ refusal: 'exists' });
    expect(await host.request(AdmitSandbox, { path: 'a', owner: 'bob', host: HOST }, CALLER)).toEqual({
      refusal: 'exists',
    });
    const check = async (): Promise<void> => {
      expect(await contentOf('a')).toBe('first');
      expect(await find('alice', 'first')).toEqual({ found: { host: HOST, file_name: 'a' } });
      expect(await find('bob', 'first')).toEqual({});
      expect(await find('alice', 'other content')).toEqual({});
    };
    await check();
    await host.rebuild();
    await check();
  });

  it('that may be overwritten are, by their owner only, whatever host the client names', async () => {
    await store('a__ow__', 'alice', 'first');
    expect(await store('a__ow__', 'bob', 'his')).toMatchObject({ refusal: 'registered' });
    expect(await store('a__ow__', 'bob', 'his', { server: 'other:25443' })).toMatchObject({ refusal: 'registered' });
    const before = await keysIn(blobs);
    expect(await store('a__ow__', 'alice', 'second one')).toHaveProperty('key');
    expect(await contentOf('a__ow__')).toBe('second one');
    expect(await find('alice', 'first')).toEqual({});
    expect(await find('alice', 'second one')).toEqual({ found: { host: HOST, file_name: 'a__ow__' } });
    // What was replaced is gone, what was refused is the gateway's to delete.
    expect(await keysIn(blobs)).toHaveLength(before.length);
  });

  it('are refused where another user has registered the name before', async () => {
    const registration = { host: HOST, file_name: 'r', user_name: 'alice', file_size: 1, checksum: '1' };
    const register = (user_name: string): Promise<unknown> =>
      host.request(RegisterCacheFile, { registration: { ...registration, user_name } }, CALLER);
    expect(await register('alice')).toEqual({ registered: true });
    expect(await register('alice')).toEqual({ registered: true });
    expect(await register('bob')).toEqual({ registered: false });
    expect(await store('r', 'bob', 'x')).toMatchObject({ refusal: 'registered' });
    expect(await store('r', 'alice', 'x')).toHaveProperty('key');
  });

  it('are stored once when the message is repeated', async () => {
    const first = await store('a', 'alice', 'first', { commandId: 'the same' });
    const repeat = await store('a', 'alice', 'first', { commandId: 'the same' });
    expect(repeat).toEqual(first);
    expect(await contentOf('a')).toBe('first');
  });

  it('grow by what is appended, once per message', async () => {
    const append = async (text: string, commandId = newCommand()): Promise<unknown> =>
      host.request(
        AppendToCacheFile,
        { path: 'log', owner: 'alice', is_production: false, blob: await put(text) },
        CALLER,
        commandId,
      );
    await append('one ');
    await append('two ', 'second');
    await append('two ', 'second');
    await append('');
    await append('three');
    expect(await contentOf('log')).toBe('one two three');
    expect(await contentOf('log', 5)).toBe('two three');
    expect(await contentOf('log', 8)).toBe('three');
    expect(await contentOf('log', 100)).toBe('');
    await host.rebuild();
    expect(await contentOf('log')).toBe('one two three');
    await host.request(
      StoreCacheFile,
      { path: 'log', owner: 'alice', is_production: false, blob: await put('new') },
      CALLER,
    );
    expect(await contentOf('log')).toBe('new');
  });

  it('of others are changed by production only', async () => {
    const request = async (owner: string, is_production: boolean) => ({
      ...{ path: 'log', owner, is_production },
      blob: await put(`of ${owner} `),
    });
    await host.request(AppendToCacheFile, await request('alice', false), CALLER);
    expect(await host.request(AppendToCacheFile, await request('bob', false), CALLER)).toMatchObject({
      refusal: 'foreign',
    });
    expect(await host.request(StoreCacheFile, await request('bob', false), CALLER)).toMatchObject({
      refusal: 'foreign',
    });
    await host.request(AppendToCacheFile, await request('carol', true), CALLER);
    expect(await contentOf('log')).toBe('of alice of carol ');
    await host.request(StoreCacheFile, await request('carol', true), CALLER);
    expect(await contentOf('log')).toBe('of carol ');
  });

  it('go with their registrations and blobs when nobody has touched them for long', async () => {
    await store('old', 'alice', 'old');
    await store('touched', 'alice', 'touched');
    const registration = { host: 'other', file_name: 'elsewhere', user_name: 'alice', file_size: 9, checksum: '9' };
    await host.request(RegisterCacheFile, { registration }, CALLER);
    const middle = nowMicros();
    expect(await host.request(TouchCacheFile, { path: 'touched' }, CALLER)).toEqual({ found: true });
    expect(await host.request(TouchCacheFile, { path: 'absent' }, CALLER)).toEqual({ found: false });
    await host.part(CacheExpiry).expire(middle);
    expect(await contentOf('old')).toBe('old');
    await host.part(CacheExpiry).expire(middle + 7 * DAY_MICROS);
    expect(await contentOf('old')).toBeUndefined();
    expect(await contentOf('touched')).toBe('touched');
    expect(await find('alice', 'old')).toEqual({});
    expect(await find('alice', 'elsewhere')).toEqual({});
    expect(await find('alice', 'touched')).toHaveProperty('found');
    expect(await keysIn(blobs)).toHaveLength(1);
    // The name is free again.
    expect(await store('old', 'bob', 'his')).toHaveProperty('key');
  });

  it('are deleted with their blobs', async () => {
    await store('hpo_cp_1_2', 'alice', 'x', { is_registered: false });
    const remove = (owner: string): Promise<unknown> =>
      host.request(DeleteCacheFile, { path: 'hpo_cp_1_2', owner, is_production: false }, CALLER);
    expect(await remove('bob')).toMatchObject({ refusal: 'foreign' });
    expect(await remove('alice')).not.toHaveProperty('refusal');
    expect(await remove('alice')).toMatchObject({ refusal: 'absent' });
    expect(await contentOf('hpo_cp_1_2')).toBeUndefined();
    expect(await keysIn(blobs)).toEqual([]);
  });

  it('keep their blobs, and requests theirs, while those that belong to nothing are collected', async () => {
    await store('a', 'alice', 'first');
    const request = await blobs.put(CACHE_BLOBS.request + randomUUID(), '{}');
    await host.request(MakeOperatorRequest, { kind: 'workflow', user_name: 'alice', blob: request }, CALLER);
    const recorded = await keysIn(blobs);
    await put('of an upload that a crash ended');
    await blobs.put(`${CACHE_BLOBS.request}orphan`, '{}');
    await makeAllOld(folder);
    await host.rebuild();
    expect(await host.part(OrphanCollector).collect(Date.now())).toBe(2);
    expect(await keysIn(blobs)).toEqual(recorded);
  });

  it('stand beside requests, which operators see, the latest first', async () => {
    const make = async (kind: 'workflow' | 'event_picking', text: string): Promise<string> => {
      const blob = await blobs.put(CACHE_BLOBS.request + randomUUID(), text);
      const request = { kind, user_name: 'alice', task_id: 7, blob };
      return (await host.request(MakeOperatorRequest, request, CALLER)).request_id;
    };
    const ids = [await make('workflow', '1'), await make('event_picking', '2'), await make('workflow', '3')] as const;
    const list = async (request: { kind?: 'workflow'; limit: number; cursor?: string }): Promise<unknown> => {
      const { entries, next } = await host.request(ListOperatorRequests, request, CALLER);
      return [entries.map((entry) => (JSON.parse(entry) as { request_id: string }).request_id), next];
    };
    expect(await list({ limit: 2 })).toEqual([[ids[2], ids[1]], ids[1]]);
    expect(await list({ limit: 2, cursor: ids[1] })).toEqual([[ids[0]], undefined]);
    expect(await list({ kind: 'workflow', limit: 5 })).toEqual([[ids[2], ids[0]], undefined]);
    const { found } = await host.request(GetOperatorRequest, { request_id: ids[1] }, CALLER);
    expect(await blobs.getText(found?.key ?? '')).toBe('2');
    expect(await host.request(GetOperatorRequest, { request_id: 'none' }, CALLER)).toEqual({});
  });
});
