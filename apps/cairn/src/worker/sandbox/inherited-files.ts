import { closeSync, readdirSync, readFileSync } from 'node:fs';

const DESCRIPTORS = '/proc/self/fdinfo';
const STDERR = 2;
/** The flag O_CLOEXEC in `/proc`, in octal. Node.js sets it on all files that it opens. */
const CLOSES_ON_EXEC = 0o2000000;

const isInherited = (descriptor: number): boolean => {
  try {
    const flags = /^flags:\s+([0-7]+)/m.exec(readFileSync(`${DESCRIPTORS}/${String(descriptor)}`, 'utf8'))?.[1];
    return flags !== undefined && (parseInt(flags, 8) & CLOSES_ON_EXEC) === 0;
  } catch {
    // It was open only to list the others.
    return false;
  }
};

/** Closes files that the parent of this process has left open, because its children would get them too. */
export const closeInheritedFiles = (): void => {
  if (process.platform !== 'linux') return;
  const descriptors = readdirSync(DESCRIPTORS).map(Number);
  for (const descriptor of descriptors) if (descriptor > STDERR && isInherited(descriptor)) closeSync(descriptor);
};
