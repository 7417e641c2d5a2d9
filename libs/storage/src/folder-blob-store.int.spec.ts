import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { FolderBlobStore } from './folder-blob-store.js';
import { blobStoreContract } from './testing/blob-store-contract.js';

const root = mkdtempSync(join(tmpdir(), 'cairn-blobs-'));
const newFolder = (): string => mkdtempSync(join(root, 'blobs-'));

afterAll(() => rmSync(root, { recursive: true }));

blobStoreContract('folder', () => new FolderBlobStore(newFolder()));

describe('FolderBlobStore', () => {
  it('leaves no files behind of blobs that broke off or were deleted', async () => {
    const folder = newFolder();
    const blobs = new FolderBlobStore(folder);
    await blobs.put('file', 'content');
    await blobs.delete('file');
    const broken = new Readable({ read: () => broken.destroy(new Error('The connection was lost')) });
    await expect(blobs.put('file', broken)).rejects.toThrow('The connection was lost');
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    expect(entries.filter((entry) => entry.isFile())).toEqual([]);
  });

  it('says that the disk is full so that clients come again', async () => {
    const blobs = new FolderBlobStore(newFolder());
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const content = new Readable({ read: () => content.destroy(full) });
    await expect(blobs.put('file', content)).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'The disk takes no more at present',
    });
  });
});
