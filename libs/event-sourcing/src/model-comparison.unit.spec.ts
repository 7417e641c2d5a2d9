import { DatabaseSync } from 'node:sqlite';
import { compareModels } from './model-comparison.js';
import type { ColumnNames } from './projection.js';

const TABLES = `
  CREATE TABLE word (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE);
  CREATE TABLE job (key INTEGER PRIMARY KEY, word INTEGER, size REAL) STRICT;
  CREATE TABLE class (id INTEGER PRIMARY KEY, n INTEGER);
  CREATE TABLE model_progress (checkpoint INTEGER);
`;

const NAMES: ColumnNames = {
  'word.id': 't.word',
  'job.word': '(SELECT w.word FROM word w WHERE w.id = t.word)',
  class: 't.n > 0',
};

const modelOf = (rows: string): DatabaseSync => {
  const database = new DatabaseSync(':memory:');
  database.exec(TABLES + rows);
  return database;
};

const LIVE = `INSERT INTO word VALUES (1, 'red'), (2, 'blue'); INSERT INTO job VALUES (7, 1, 1.5), (8, 2, NULL);`;

describe('compareModels', () => {
  it('knows what stands for the same, whatever its number', () => {
    const rebuilt = modelOf(`
      INSERT INTO word VALUES (2, 'red'), (1, 'blue'); INSERT INTO job VALUES (8, 1, NULL), (7, 2, 1.5);
      INSERT INTO class VALUES (1, 0); INSERT INTO model_progress VALUES (5);
    `);
    expect(compareModels(modelOf(LIVE), rebuilt, NAMES)).toEqual([]);
  });

  it('tells rows that only one has, and columns that differ, by name', () => {
    const rebuilt = modelOf(`
      INSERT INTO word VALUES (5, 'red'), (6, 'blue'), (7, '\u{1F600}'), (8, '\u{E000}');
      INSERT INTO job VALUES (8, 5, NULL), (9, 5, 0.0);
    `);
    expect(compareModels(modelOf(LIVE), rebuilt, NAMES)).toEqual([
      {
        table: 'job',
        count: 3,
        rows: [
          { key: '7', onlyIn: 'live' },
          { key: '8', columns: { word: ['blue', 'red'] } },
          { key: '9', onlyIn: 'rebuilt' },
        ],
      },
      {
        table: 'word',
        count: 2,
        rows: [
          { key: "'\u{E000}'", onlyIn: 'rebuilt' },
          { key: "'\u{1F600}'", onlyIn: 'rebuilt' },
        ],
      },
    ]);
  });
});
