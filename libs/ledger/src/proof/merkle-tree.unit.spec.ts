import fc from 'fast-check';
import {
  finish,
  InclusionPath,
  inclusionPath,
  leafHash,
  MemoryNodes,
  nodeHash,
  pushLeaf,
  rootFromPath,
  rootOf,
  rootOfRange,
  settingLeaves,
} from './merkle-tree.js';

/** The definition of RFC 6962, 2.1. */
const rootByDefinition = (leaves: readonly string[]): string => {
  if (leaves.length === 1) return leaves[0] ?? '';
  let left = 1;
  while (left * 2 < leaves.length) left *= 2;
  return nodeHash(rootByDefinition(leaves.slice(0, left)), rootByDefinition(leaves.slice(left)));
};

const leavesOf = (texts: readonly string[]): readonly string[] => texts.map(leafHash);

const treeOf = (leaves: readonly string[]): MemoryNodes => {
  const nodes = new MemoryNodes();
  finish(settingLeaves(nodes, leaves.length, new Map(leaves.entries())));
  return nodes;
};

const someTexts = fc.array(fc.string(), { minLength: 1, maxLength: 70 });

describe('Merkle trees', () => {
  it('have the root that RFC 6962 defines, however they are made', () => {
    fc.assert(
      fc.property(someTexts, (texts) => {
        const leaves = leavesOf(texts);
        const peaks: string[] = [];
        for (const [index, leaf] of leaves.entries()) pushLeaf(peaks, index, leaf);
        expect(rootOf(peaks)).toBe(rootByDefinition(leaves));
        expect(rootOfRange(treeOf(leaves), 0, leaves.length)).toBe(rootByDefinition(leaves));
      }),
    );
  });

  it('follow leaves that change while others come', () => {
    const change = fc.record({ at: fc.nat(), text: fc.string(), isNew: fc.boolean() });
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 5 }), { maxLength: 20 }), (rounds) => {
        const leaves: string[] = [];
        const nodes = new MemoryNodes();
        for (const round of rounds) {
          const changed = new Map<number, string>();
          for (const { at, text, isNew } of round) {
            const index = isNew || leaves.length === 0 ? leaves.length : at % leaves.length;
            leaves[index] = leafHash(text);
            changed.set(index, leafHash(text));
          }
          finish(settingLeaves(nodes, leaves.length, changed));
          if (leaves.length > 0) expect(rootOfRange(nodes, 0, leaves.length)).toBe(rootByDefinition(leaves));
        }
      }),
    );
  });

  it('prove each of their leaves, and nothing else', () => {
    fc.assert(
      fc.property(someTexts, fc.nat(), fc.nat(), (texts, at, other) => {
        const leaves = leavesOf(texts);
        const size = leaves.length;
        const index = at % size;
        const root = rootByDefinition(leaves);
        const path = inclusionPath(treeOf(leaves), index, size);
        const added = new InclusionPath(index, size);
        for (const leaf of leaves) added.add(leaf);
        expect(added.hashes).toEqual(path);
        expect(rootFromPath(leaves[index] ?? '', index, size, path)).toBe(root);
        expect(rootFromPath(leafHash(`${texts[index] ?? ''}!`), index, size, path)).not.toBe(root);
        const elsewhere = other % size;
        if (leaves[elsewhere] !== leaves[index]) {
          expect(rootFromPath(leaves[elsewhere] ?? '', index, size, path)).not.toBe(root);
        }
        expect(rootFromPath(leaves[index] ?? '', index, size, [...path, root])).not.toBe(root);
        if (path.length > 0) expect(rootFromPath(leaves[index] ?? '', index, size, path.slice(1))).not.toBe(root);
        expect(rootFromPath(leaves[index] ?? '', size, size, path)).toBeUndefined();
      }),
    );
  });
});
