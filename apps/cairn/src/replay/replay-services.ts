import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceName } from '#bus/contract.js';
import type { RowDifference, TableDifference } from '#event-sourcing/model-comparison.js';
import { createLog } from '#platform/logging.js';
import { loadEnvironment } from '#platform/environment.js';
import { EXIT, type Terminal } from '../command-line.js';
import { withLedger } from '../with-ledger.js';
import { rebuildAndCompare } from './rebuilt-model.js';

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

const tableLines = (service: ServiceName, { table, count, rows }: TableDifference): readonly string[] => [
  ...rows.map((row) => `${service} ${table} ${rowText(row)}`),
  ...(count > rows.length ? [`${service} ${table}: ${count - rows.length} more rows differ`] : []),
];

/** Rebuilds read models beside the live ones, compares them, and writes what differs. */
export const replayServices = async (services: readonly ServiceName[], terminal: Terminal): Promise<void> => {
  const environment = loadEnvironment(terminal.env);
  const log = createLog(environment, 'replay');
  await withLedger(terminal, async (ledger) => {
    for (const service of services) {
      const folder = mkdtempSync(join(environment.CAIRN_DATA_DIR, `replay-${service}-`));
      try {
        const began = performance.now();
        const { events, tables } = await rebuildAndCompare({ service, environment, ledger, folder, log });
        const seconds = ((performance.now() - began) / 1000).toFixed(1);
        const lines = tables.flatMap((table) => tableLines(service, table));
        const outcome = tables.length === 0 ? 'the same' : 'different';
        terminal.stdout.write([...lines, `${service}: ${outcome}, ${events} events in ${seconds} s`, ''].join('\n'));
        if (tables.length > 0) terminal.exitCode = EXIT.failed;
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }
  });
};
