// Unpacks the packed Chromium, with the libraries and fonts that a bare machine lacks, into ../../var/browser and writes
// a start script there. `tests/support/browser.py` finds it.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const target = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'var', 'browser');
await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });

// The package unpacks into the temporary folder, and brings its libraries only where it believes to be on Lambda.
process.env.TMPDIR = target;
process.env.AWS_EXECUTION_ENV = 'AWS_Lambda_nodejs22.x';
const { default: chromium } = await import('@sparticuz/chromium');
const binary = await chromium.executablePath();

// Its own font settings name folders of Lambda; without any font a page has no text at all.
const fonts = join(target, 'fonts.conf');
await writeFile(fonts, `<?xml version="1.0"?>
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>${target}/fonts</dir>
  <cachedir>${target}/font-cache</cachedir>
</fontconfig>
`);
const start = join(target, 'start');
await writeFile(start, `#!/bin/sh
LD_LIBRARY_PATH='${target}/al2023/lib' FONTCONFIG_FILE='${fonts}' exec '${binary}' "$@"
`, { mode: 0o755 });
console.log(start);
