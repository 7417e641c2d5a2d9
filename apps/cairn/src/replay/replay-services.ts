import { rmSync } from 'node:fs';
import type { ServiceName } from '#bus/contract.js';
import type { RowDifference, TableDifference } from '#event-sourcing/model-comparison.js';
import { readModelFile } from '#event-sourcing/read-model-file.js';
import { createLog } from '#platform/logging.js';
import { loadEnvironment } from '#platform/environment.js';
import { keepNewFilesPrivate } from '#platform/private-files.js';
import { EXIT, type Terminal } from '../command-line.js';
import { makeOwnFolder } from '../past/past-folder.js';
import { withLedger } from '../with-ledger.js';
import { handOver, lockIfIdle, moveInPlace } from './put-in-place.js';
import { filesOf, rebuild, type RebuildOptions, type Rebuilt } from './rebuilt-model.js';

const VALUE_CHARACTERS_MAX = 200;

const valueText = (value: unknown): string => {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > VALUE_CHARACTERS_MAX ? `${text.slice(0, VALUE_CHARACTERS_MAX)}...` : text;
};

const rowText = ({ key, columns, onlyIn }: RowDifference): string => {
  if (onlyIn !== undefined) return `${key}: only in the ${onlyIn} one`;
  const changes = Object.entries(columns ?? {}).map(
    ([name, [live, rebuilt]]) => `${name} is ${valueText(live)} live, ${valueText(rebuilt)} rebuilt`,
  );
  return `${key}: ${changes.join('; ')}`;
};

const tableLines = (name: string, { table, count, rows }: TableDifference): readonly string[] => [
  ...rows.map((row) => `${name} ${table} ${rowText(row)}`),
  ...(count > rows.length ? [`${name} ${table}: ${count - rows.length} more rows differ`] : []),
];

/**
 * Puts a rebuilt file in the place of one that a running Cairn uses.
 *
 * @returns why not; undefined when it was done
 */
const putInUse = async (rebuilt: Rebuilt, options: RebuildOptions): Promise<string | undefined> => {
  const { numbered, differences } = rebuilt;
  const unsure = differences.find(({ table }) => numbered.includes(table));
  if (unsure !== undefined) {
    return `what the running service remembers by numbers differs (${unsure.table}): stop Cairn and try again`;
  }
  const { file } = numbered.length === 0 ? rebuilt : await rebuild(options, true);
  return handOver(file, options.live);
};

interface ReplayOptions {
  readonly services: readonly ServiceName[];
  /** Puts the rebuilt ones in place. */
  readonly swap: boolean;
}

/** Rebuilds read models beside the live ones, compares them, and writes what differs. */
export const replayServices = async ({ services, swap }: ReplayOptions, terminal: Terminal): Promise<void> => {
  keepNewFilesPrivate();
  const environment = loadEnvironment(terminal.env);
  const { CAIRN_DATA_DIR: dataDir } = environment;
  const log = createLog(environment, 'replay');
  await withLedger(terminal, async (ledger) => {
    for (const service of services) {
      const lock = swap ? lockIfIdle(readModelFile(dataDir, service)) : undefined;
      const folder = await makeOwnFolder(dataDir, 'rebuild');
      try {
        for (const name of filesOf(service)) {
          const options = { name, live: readModelFile(dataDir, name), ledger, folder, log };
          const began = performance.now();
          const rebuilt = await rebuild(options);
          const seconds = ((performance.now() - began) / 1000).toFixed(1);
          const { differences, events } = rebuilt;
          const outcome = differences.length === 0 ? 'the same' : 'different';
          const lines = differences.flatMap((table) => tableLines(name, table));
          terminal.stdout.write([...lines, `${name}: ${outcome}, ${events} events in ${seconds} s`, ''].join('\n'));
          let isLeft = differences.length > 0;
          if (swap) {
            let refusal: string | undefined;
            if (lock === undefined) refusal = await putInUse(rebuilt, options);
            else moveInPlace(rebuilt.file, options.live);
            isLeft = refusal !== undefined;
            terminal.stdout.write(`${name}: ${refusal === undefined ? 'put in place' : `left, ${refusal}`}\n`);
          }
          if (isLeft) terminal.exitCode = EXIT.failed;
        }
      } finally {
        rmSync(folder, { recursive: true, force: true });
        lock?.release();
      }
    }
  });
};
