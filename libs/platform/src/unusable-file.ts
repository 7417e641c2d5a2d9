import { CannotStart } from './cannot-start.js';

const isOfSqlite = (error: unknown): error is { readonly message: string } =>
  typeof error === 'object' && error !== null && 'errcode' in error && 'message' in error;

/** What is to be thrown when a file cannot be opened that nothing can do without: SQLite does not say which it was. */
export const unusableFile = (file: string, error: unknown): unknown =>
  isOfSqlite(error) ? new CannotStart(`${file} cannot be used: ${error.message}`, { cause: error }) : error;
