import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

const program = (): string => {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find((file) => existsSync(file));
  if (found === undefined) throw new Error('chromium is not installed');
  return found;
};

/** The browser of this machine, without a window. */
export const startChromium = (): Promise<Browser> => chromium.launch({ executablePath: program() });
