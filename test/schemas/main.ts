import { makeFiles, writeFiles } from './schema-files.js';

const made = await makeFiles();
if (made.refusals.length > 0) {
  process.stderr.write(`${made.refusals.join('\n')}
Events of this version are recorded already, and others read them. Raise the version of the type in its table of
event types, and lift old events to it (libs/event-sourcing/src/upcast.ts). Nothing was written.
`);
  process.exitCode = 1;
} else {
  writeFiles(made);
  process.stdout.write(`${made.texts.size} files are up to date\n`);
}
