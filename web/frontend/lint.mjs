// Runs npm's bpmnlint over files and prints its findings as JSON, one line per file:
//   node lint.mjs [--rules '{"label-required": "error", …}'] FILE…
//   {"file": "…", "warnings": ["…"], "findings": [{"rule": "…", "id": "…", "message": "…", "category": "…"}]}
// The server checks with a Python port of these rules; a contract test holds the two together.
// Without --rules it takes bpmnlint's recommended set. A file that cannot be read as BPMN has "error" instead.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

import { BpmnModdle } from 'bpmn-moddle';

const require = createRequire(import.meta.url);
const { Linter } = require('bpmnlint');
const NodeResolver = require('bpmnlint/lib/resolver/node-resolver');

function readArguments(argv) {
  if (argv[0] !== '--rules') return { config: { extends: 'bpmnlint:recommended' }, files: argv };
  return { config: { rules: JSON.parse(argv[1]) }, files: argv.slice(2) };
}

async function lintFile(file, config) {
  let parsed;
  try {
    parsed = await new BpmnModdle().fromXML(await readFile(file, 'utf8'));
  } catch (error) {
    return { file, error: error.message };
  }
  // A rule keeps state between runs of one Linter, so each file gets its own.
  const linter = new Linter({ config, resolver: new NodeResolver({ require }) });
  const results = await linter.lint(parsed.rootElement);
  const findings = Object.entries(results).flatMap(([rule, reports]) =>
    reports.map(({ id, message, category }) => ({ rule, id, message, category })));
  return { file, warnings: parsed.warnings.map((warning) => warning.message), findings };
}

const { config, files } = readArguments(process.argv.slice(2));
for (const file of files) console.log(JSON.stringify(await lintFile(file, config)));
