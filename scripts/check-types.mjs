// The programs of test/types: accepted/ must compile; rejected/ must fail, and say what they expect:
//
//   // expect: inner dimensions 3 and 2 differ
//   a.matmul(a);
//
// The lines up to the next blank line or the next `// expect:` are what the comment speaks of.
// Several `// expect:` lines above one group are several errors. Also watches the work that the type
// checker has with these programs; after a change that is meant, run with --update.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { readPackage, root, sourceNames } from './package-map.mjs';

const MAX_GROWTH = 1.25;
const SLACK = 1000; // so that a handful of programs may become two
const folder = join(root, 'test/types');
const countFile = join(folder, 'instantiations.json');
const failures = [];
const fail = (file, line, message) =>
  failures.push(`${relative(root, file)}:${line + 1}  ${message}`);

const programsIn = (name) => {
  const path = join(folder, name);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true })
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => join(path, file));
};

function compilerOptions() {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, root);
  const paths = [...sourceNames(readPackage())].map(([name, file]) => [name, [join(root, file)]]);
  return {
    ...options,
    paths: Object.fromEntries(paths),
    noUnusedLocals: false,
    noUnusedParameters: false,
    noEmit: true,
  };
}

/** The groups of a rejected program: { first, end, wanted: [{ line, text }] }. */
function expectationsOf(text) {
  const lines = text.split('\n');
  const groups = [];
  for (let i = 0; i < lines.length; i++) {
    const wanted = [];
    for (let match; (match = /^\s*\/\/ expect: (.+?)\s*$/.exec(lines[i] ?? '')); i++)
      wanted.push({ line: i, text: match[1] });
    if (wanted.length === 0) continue;
    const first = i;
    while (i < lines.length && lines[i].trim() !== '' && !/^\s*\/\/ expect: /.test(lines[i])) i++;
    groups.push({ first, end: i, wanted });
    i--;
  }
  return groups;
}

const accepted = programsIn('accepted');
const rejected = programsIn('rejected');
if (accepted.length + rejected.length === 0) {
  console.log('test/types holds no programs');
  process.exit(1);
}
const program = ts.createProgram([...accepted, ...rejected], compilerOptions());
const errorsOf = (file) => {
  const source = program.getSourceFile(file);
  const all = [
    ...program.getSyntacticDiagnostics(source),
    ...program.getSemanticDiagnostics(source),
  ];
  return all.map((diagnostic) => ({
    line: source.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line,
    text: ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'),
  }));
};

for (const error of program.getGlobalDiagnostics())
  failures.push(ts.flattenDiagnosticMessageText(error.messageText, '\n'));
for (const file of accepted)
  for (const { line, text } of errorsOf(file)) fail(file, line, `rejected: ${text}`);

let expectations = 0;
for (const file of rejected) {
  const errors = new Set(errorsOf(file));
  const groups = expectationsOf(readFileSync(file, 'utf8'));
  if (groups.length === 0) fail(file, 0, 'expects no error: it belongs in accepted/');
  for (const { first, end, wanted } of groups) {
    for (const { line, text } of wanted) {
      expectations += 1;
      const here = [...errors].filter((error) => error.line >= first && error.line < end);
      const found = here.find((error) => error.text.includes(text));
      if (found) errors.delete(found);
      else if (here.length === 0) fail(file, line, `accepted; expected: ${text}`);
      else fail(file, line, `expected: ${text}\n  but got: ${here.map((e) => e.text).join('\n')}`);
    }
  }
  for (const { line, text } of errors) fail(file, line, `not expected: ${text}`);
}

const count = program.getInstantiationCount();
if (process.argv.includes('--update') || !existsSync(countFile)) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(countFile, `${JSON.stringify({ instantiations: count }, null, 2)}\n`);
}
const before = JSON.parse(readFileSync(countFile, 'utf8')).instantiations;
if (count > before * MAX_GROWTH + SLACK)
  failures.push(
    `the type checker makes ${count} instantiations, ${before} before: find out why, ` +
      'or run scripts/check-types.mjs --update if it is meant',
  );

for (const failure of failures) console.log(failure);
console.log(
  `${accepted.length} accepted programs, ${expectations} expected errors, ` +
    `${count} instantiations (recorded: ${before})`,
);
process.exitCode = failures.length > 0 ? 1 : 0;
