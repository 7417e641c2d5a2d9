import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { nextLoopTurn } from '#platform/loop-turn.js';
import type { BlobStore } from '../blob-store.js';

const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');

/** What every blob store must do. */
export const blobStoreContract = (name: string, open: () => BlobStore | Promise<BlobStore>): void => {
  describe(`BlobStore: ${name}`, () => {
    let blobs: BlobStore;

    beforeEach(async () => {
      blobs = await open();
    });

    it('gives back a text, and says its size in bytes and its hash', async () => {
      expect(await blobs.put('log', 'drei \u{1F300}')).toEqual({
        key: 'log',
        size: 9,
        sha256: sha256('drei \u{1F300}'),
      });
      expect(await blobs.getText('log')).toBe('drei \u{1F300}');
    });

    it('gives back a stream of any bytes, piece by piece', async () => {
      const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 256));
      const pieces = Array.from({ length: 30 }, (_, index) => content.subarray(index * 10_000, (index + 1) * 10_000));
      const stored = await blobs.put('file', Readable.from(pieces));
      expect(stored).toEqual({ key: 'file', size: content.length, sha256: sha256(content) });
      const read = await blobs.get('file');
      expect(read && (await buffer(read)).equals(content)).toBe(true);
    });

    it('holds nothing of a piece any more when it asks for the next', async () => {
      const memory = Buffer.alloc(50_000);
      const pieces = async function* () {
        for (let number = 1; number <= 9; number += 1) {
          await nextLoopTurn();
          yield memory.fill(number);
        }
      };
      const expected = Buffer.concat(Array.from({ length: 9 }, (_, index) => Buffer.alloc(50_000, index + 1)));
      const stored = await blobs.put('file', pieces());
      expect(stored).toEqual({ key: 'file', size: expected.length, sha256: sha256(expected) });
      const read = await blobs.get('file');
      expect(read && (await buffer(read)).equals(expected)).toBe(true);
    });

    it('keeps keys apart, whatever they hold', async () => {
      const keys = ['a/b', 'a', '../a', '.', '', 'A', 'x'.repeat(5000)];
      for (const key of keys) await blobs.put(key, `content of ${key}`);
      for (const key of keys) expect(await blobs.getText(key)).toBe(`content of ${key}`);
    });

    it('leaves nothing of a blob whose stream breaks off', async () => {
      const broken = Readable.from(
        (function* () {
          yield Buffer.from('the beginning');
          throw new Error('The connection was lost');
        })(),
      );
      await expect(blobs.put('file', broken)).rejects.toThrow('The connection was lost');
      expect(await blobs.get('file')).toBeUndefined();
      expect(await blobs.getText('file')).toBeUndefined();
    });

    it('replaces a blob as a whole', async () => {
      await blobs.put('file', 'a long first content');
      await blobs.put('file', 'short');
      expect(await blobs.getText('file')).toBe('short');
    });

    it('gives back an empty blob', async () => {
      expect(await blobs.put('file', '')).toEqual({ key: 'file', size: 0, sha256: sha256('') });
      expect(await blobs.getText('file')).toBe('');
      await blobs.put('stream', Readable.from([]));
      const read = await blobs.get('stream');
      expect(read && (await buffer(read)).length).toBe(0);
    });

    it('deletes', async () => {
      await blobs.put('file', 'content');
      await blobs.delete('file');
      await blobs.delete('file');
      expect(await blobs.get('file')).toBeUndefined();
    });

    it('gives back the whole of a blob that is deleted meanwhile, or nothing', async () => {
      const text = 'x'.repeat(300_000);
      for (let round = 0; round < 20; round += 1) {
        await blobs.put('short-lived', text);
        const [read] = await Promise.all([blobs.getText('short-lived'), blobs.delete('short-lived')]);
        expect([undefined, text]).toContain(read);
      }
    });

    it('lists what is there under some prefixes, and when it was put', async () => {
      const beforeMs = Date.now() - 2_000;
      for (const key of ['log/1', 'log/ \u{1F300}%2f', 'stat/1', 'other/1', 'log', 'LOG/1']) await blobs.put(key, key);
      await blobs.put('log/2', 'deleted again');
      await blobs.delete('log/2');
      const listed = [];
      for await (const blob of blobs.list('stat/', 'log/')) listed.push(blob);
      expect(listed.map(({ key }) => key).sort()).toEqual(['log/ \u{1F300}%2f', 'log/1', 'stat/1']);
      for (const { storedMs } of listed) {
        expect(storedMs).toBeGreaterThan(beforeMs);
        expect(storedMs).toBeLessThan(Date.now() + 2_000);
      }
    });

    it('drops what was never finished, and nothing that is being written or complete', async () => {
      const inAnHourMs = Date.now() + 3_600_000;
      const half = Buffer.alloc(100_000, 'x');
      /** Content of which the second half is asked for only when the first one has been written. */
      const inHalves = () => {
        const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        const content = (async function* () {
          yield half;
          first.resolve();
          await second.promise;
          yield half;
        })();
        return { content, written: first.promise, rest: second };
      };
      await blobs.put('done', 'content');
      await blobs.put('replaced', 'first');
      await blobs.put('replaced', 'second');
      await blobs.put('deleted', 'content');
      await blobs.delete('deleted');
      expect(await blobs.dropUnfinished(inAnHourMs)).toBe(0);
      const slow = inHalves();
      const slowPut = blobs.put('slow', slow.content);
      await slow.written;
      expect(await blobs.dropUnfinished(Date.now() - 3_600_000)).toBe(0);
      slow.rest.resolve();
      expect((await slowPut).size).toBe(200_000);
      const lost = inHalves();
      const lostPut = blobs.put('lost', lost.content);
      // A store may write the first half in several parts: dropped between two of them, it would be there again.
      await lost.written;
      expect(await blobs.dropUnfinished(inAnHourMs)).toBe(1);
      expect(await blobs.dropUnfinished(inAnHourMs)).toBe(0);
      lost.rest.reject(new Error('The process died'));
      await expect(lostPut).rejects.toThrow('The process died');
      const kept = ['done', 'replaced', 'slow', 'lost', 'deleted'].map(
        async (key) => (await blobs.getText(key))?.length,
      );
      expect(await Promise.all(kept)).toEqual([7, 6, 200_000, undefined, undefined]);
    });

    it('lists nothing before anything was put', async () => {
      const listed = [];
      for await (const blob of blobs.list('')) listed.push(blob);
      expect(listed).toEqual([]);
    });
  });
};
