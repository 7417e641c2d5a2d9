import { rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { credentialStream } from '#contracts/credential-events.js';
import { secretsStream } from '#contracts/panda/secrets.js';
import type { CheckpointKey } from '#ledger/proof/checkpoint.js';
import { ref, streamName } from '#ledger/ref.js';
import { checkWhole, rewriteLedger } from '#ledger/rewrite/rewrite-ledger.js';
import { signRewrite } from '#ledger/rewrite/rewrites.js';
import { PAST_FOLDER } from '../past/past-folder.js';
import { pseudonymizedTexts } from './pseudonymized-texts.js';

/** Streams whose names hold the name of a person. */
const streamsOf = (name: string): readonly string[] => [
  streamName('user', ref('cairn', 'main', name)),
  credentialStream({ user: name }),
  secretsStream(name),
];

/** What is computed from the ledger and still holds the name: it is made again. Locks stay, somebody holds them. */
const removeReadModels = async (dataFolder: string): Promise<void> => {
  const folder = join(dataFolder, 'read-models');
  for (const file of await readdir(folder))
    if (!file.endsWith('.lock')) rmSync(join(folder, file), { recursive: true });
  rmSync(join(dataFolder, PAST_FOLDER), { recursive: true, force: true });
};

/**
 * Replaces the name of a person in the history by a pseudonym. No Cairn may run on the data folder.
 *
 * @returns how many events changed
 * @throws RewriteRefused
 */
export const pseudonymize = async (
  dataFolder: string,
  name: string,
  pseudonym: string,
  key: CheckpointKey,
): Promise<number> => {
  const file = join(dataFolder, 'ledger.sqlite');
  // What is refused costs nobody the read models.
  checkWhole(file);
  // First, so that none of them is left with the name whenever this is interrupted.
  await removeReadModels(dataFolder);
  const renamed = streamsOf(pseudonym);
  return rewriteLedger(file, {
    contained: name,
    streams: new Map(streamsOf(name).map((stream, index) => [stream, renamed[index] ?? stream])),
    textsOf: pseudonymizedTexts(name, pseudonym),
    pseudonym,
    sign: (rewrite) => signRewrite(rewrite, key),
  });
};
