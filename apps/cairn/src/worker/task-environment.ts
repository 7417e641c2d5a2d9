/** Variables that programs commonly need. None of them contains a secret. */
const PASSED_ON: ReadonlySet<string> = new Set(['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'TZ', 'TMPDIR']);

/**
 * The environment of the processes of tasks. Only a few variables of the worker are passed on, so that none of its secrets is.
 *
 * @param more names of further variables that are passed on
 */
export const taskEnvironment = (
  own: Readonly<Record<string, string | undefined>>,
  more: readonly string[],
): Readonly<Record<string, string>> => {
  const passes = (name: string): boolean => PASSED_ON.has(name) || name.startsWith('LC_') || more.includes(name);
  return Object.fromEntries(
    Object.entries(own).flatMap(([name, value]) => (value !== undefined && passes(name) ? [[name, value]] : [])),
  );
};
