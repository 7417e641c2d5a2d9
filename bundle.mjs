// Bundles the programs and threads of Cairn from `build/`, where `tsc` compiles the sources, into `dist/`. A service imports some 2,000
// modules: to find, read and link each by itself took most of its start (docs/adr/0048-bundled-programs.md).
import { existsSync, globSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'rolldown';

const PROGRAMS = ['apps/*/src/main.js', 'apps/cairn/src/demo/demo.js', '{apps,libs}/**/*-thread.js'];

/** A Cairn that runs while the next one is built may still import a chunk of its own: for so long after that build. */
const CHUNKS_KEPT_MS = 7 * 86_400_000;

/** Names what the last build has made. */
const LIST = 'dist/bundled.json';

/** Stack traces name the TypeScript sources: `tsc` writes maps beside what it compiles. */
const sourceMaps = {
  name: 'source-maps',
  load: (file) =>
    file.includes('node_modules') || !existsSync(`${file}.map`)
      ? undefined
      : { code: readFileSync(file, 'utf8'), map: readFileSync(`${file}.map`, 'utf8') },
};

const { output } = await build({
  platform: 'node',
  input: Object.fromEntries(
    globSync(PROGRAMS, { cwd: 'build' }).map((file) => [file.replace(/\.js$/, ''), `build/${file}`]),
  ),
  // It has to run before every decorator: as a module of its own it does.
  external: ['reflect-metadata'],
  plugins: [sourceMaps],
  output: {
    dir: 'dist',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    // Classes of one name stay so: Nest and errors print it.
    keepNames: true,
    sourcemap: true,
  },
  // Nest loads some packages only where they are used, and a package calls `eval`.
  checks: { eval: false, unresolvedImport: false },
});

const built = new Set(output.map(({ fileName }) => join('dist', fileName)));
const present = globSync('dist/**/*.{js,map}');
const last = new Set(existsSync(LIST) ? JSON.parse(readFileSync(LIST, 'utf8')) : present);
const now = new Date();
for (const file of present) {
  if (built.has(file)) continue;
  // However old it is, it was in use until now.
  if (last.has(file)) utimesSync(file, now, now);
  else if (now - statSync(file).mtimeMs > CHUNKS_KEPT_MS) rmSync(file);
}
writeFileSync(LIST, JSON.stringify([...built]));
