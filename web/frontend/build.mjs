// Builds what the browser gets into ../static/dist: bundles with a hash in their names, and manifest.json, which says
// "viewer.js" -> "viewer-3F2A….js". The folder is put in place whole, so a build that dies leaves the earlier one.
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { fontFaces } from './fonts/faces.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, '..', 'static', 'dist');
const fresh = `${target}.${process.pid}`;

/** What a page may ask for, and where it is made from. A `text` entry is generated, the others are files. */
const ENTRIES = {
  'viewer.js': { file: 'viewer/viewer.js' },
  'viewer.css': { file: 'viewer/viewer.css' },
  'editor.js': { file: 'editor/editor.js' },
  'editor.css': { file: 'editor/editor.css' },
  'app.js': { file: 'app/app.js' },
  'htmx.js': { file: 'node_modules/htmx.org/dist/htmx.min.js', asIs: true },
  'tokens.css': { file: 'node_modules/@digital-go-jp/design-tokens/dist/tokens.css' },
  'fonts.css': { text: () => fontFaces(join(here, 'node_modules/@fontsource/biz-udpgothic'), [400, 700]) },
};

/** Builds one entry and returns the file name it got. */
async function buildEntry(name, { file, text, asIs }) {
  const source = text
    ? { stdin: { contents: await text(), loader: 'css', resolveDir: here, sourcefile: name } }
    : { entryPoints: [{ in: join(here, file), out: name.replace(/\.\w+$/, '') }] };
  const result = await build({
    ...source,
    absWorkingDir: here,
    bundle: true,
    minify: true,
    format: 'iife',
    target: ['chrome111', 'edge111', 'firefox115', 'safari16.4'],
    charset: 'utf8',
    legalComments: 'inline',
    loader: { '.woff2': 'file', '.woff': 'file', '.ttf': 'file', '.eot': 'file', '.svg': 'file', ...(asIs && { '.js': 'copy' }) },
    outdir: fresh,
    entryNames: '[name]-[hash]',
    assetNames: 'fonts/[name]-[hash]',
    metafile: true,
    logLevel: 'warning',
  });
  const made = Object.entries(result.metafile.outputs).find(([, output]) => output.entryPoint)[0];
  if (!text) return basename(made);
  // A generated entry is called stdin-HASH by esbuild.
  const named = basename(made).replace(/^stdin/, name.replace(/\.\w+$/, ''));
  await rename(join(here, made), join(fresh, named));
  return named;
}

await rm(fresh, { recursive: true, force: true });
await mkdir(fresh, { recursive: true });
const names = await Promise.all(Object.entries(ENTRIES).map(async ([name, entry]) => [name, await buildEntry(name, entry)]));
await writeFile(join(fresh, 'manifest.json'), JSON.stringify(Object.fromEntries(names), null, 2) + '\n');
await rm(target, { recursive: true, force: true });
await rename(fresh, target);
for (const [name, made] of names) {
  const bytes = (await readFile(join(target, made))).length;
  console.log(`${name.padEnd(12)} ${made.padEnd(26)} ${(bytes / 1024).toFixed(0).padStart(5)} KiB`);
}
