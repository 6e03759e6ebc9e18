// The rooms of src/ and the arrows between them: who may import whom (see ARCHITECTURE.md).
// Rooms meet through an index.ts; no run-time import cycles; Node's modules only where they belong.
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { allSources, readPackage, root, sourceNames } from './package-map.mjs';

/** room -> the rooms it may import. `*`: any room; `public`: only what package.json exports. */
const ARROWS = {
  base: '',
  ir: 'base',
  asm: 'base',
  kernel: 'base ir',
  target: 'base ir asm kernel',
  'runtime/device': 'base ir kernel',
  runtime: 'base ir kernel target runtime/device',
  tensor: 'base ir runtime/device',
  compile: 'base ir kernel tensor runtime/device',
  nn: 'base ir tensor',
  optim: 'base ir tensor',
  data: 'base tensor',
  format: 'base ir tensor nn compile',
  train: 'base tensor nn optim data compile format',
  board: 'public',
  serve: 'public',
  dist: 'public',
  cli: 'public',
  testing: 'base ir tensor compile',
  'index.ts': '* wiring.ts',
  'wiring.ts': 'base tensor runtime runtime/device',
};
const MAY_LOAD_NODE = /^src\/(data|cli)\/|\.node\.ts$/;
const MAY_LOAD_LAZILY = /^src\/(wiring\.ts$|runtime\/|cli\/)|\.node\.ts$/;

const isTest = (file) => /\.test(-util)?\.ts$/.test(file);
const roomOf = (file) =>
  /^src\/runtime\/device(\.ts|\/.*)$/.test(file) ? 'runtime/device' : file.split('/')[1];
const isDoor = (file) =>
  file.endsWith('/index.ts') || file === 'src/wiring.ts' || file === 'src/runtime/device.ts';

/** Every import of a file: { name, line, kind: 'static' | 'lazy' | 'require', typeOnly }. */
function importsOf(source) {
  const found = [];
  const add = (node, name, kind, typeOnly) => {
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    if (name && ts.isStringLiteralLike(name)) found.push({ name: name.text, line, kind, typeOnly });
  };
  const visit = (node) => {
    if (ts.isImportDeclaration(node))
      add(node, node.moduleSpecifier, 'static', node.importClause?.isTypeOnly ?? false);
    else if (ts.isExportDeclaration(node))
      add(node, node.moduleSpecifier, 'static', node.isTypeOnly);
    else if (ts.isImportTypeNode(node)) add(node, node.argument.literal, 'static', true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node, node.arguments[0], 'lazy', false);
    else if (ts.isCallExpression(node) && node.expression.getText(source) === 'require')
      add(node, node.arguments[0], 'require', false);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The violations of `files` (path from the repository root -> text), in order of file and line. */
export function checkArrows(files, pkg) {
  const violations = [];
  const names = sourceNames(pkg);
  const publicFiles = new Set(Object.values(pkg.exports ?? {}).flatMap(allSources));
  const packages = Object.keys({ ...pkg.dependencies, ...pkg.peerDependencies });
  const runtimeEdges = new Map(); // file -> [{ to, line }]

  for (const [file, text] of files) {
    const test = isTest(file);
    const room = roomOf(file);
    const report = (line, message) => violations.push({ file, line, message });
    const allowed = ARROWS[room]?.split(' ');
    if (!allowed && !test)
      report(1, `room ${room} is not in the table of scripts/check-arrows.mjs`);
    const edges = [];
    runtimeEdges.set(file, edges);
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);

    if (file === 'src/index.ts') {
      for (const statement of source.statements) {
        if (ts.isExportDeclaration(statement) || ts.isImportDeclaration(statement)) continue;
        const { line } = source.getLineAndCharacterOfPosition(statement.getStart(source));
        report(line + 1, 'the public root holds imports and re-exports only');
      }
    }

    const checkTarget = (to, name, line) => {
      const toRoom = roomOf(to);
      if (toRoom === room) return;
      if (to === 'src/wiring.ts' && publicFiles.has(file)) {
        // Bundlers skip a side-effect-free re-exporter together with what it imports.
        const built = file.replace(/^src(.*)\.ts$/, './dist$1.js');
        if (!pkg.sideEffects?.includes(built))
          report(
            line,
            `package.json "sideEffects" must list ${built}, or bundlers drop the wiring`,
          );
        return;
      }
      if (allowed.includes('public')) {
        if (!publicFiles.has(to)) report(line, `${room} may import public subpaths only: ${name}`);
        return;
      }
      const anyRoom = allowed.includes('*') && !toRoom.endsWith('.ts');
      if (!anyRoom && !allowed.includes(toRoom)) report(line, `${room} may not import ${toRoom}`);
      else if (!isDoor(to)) report(line, `${name}: rooms meet through their index.ts`);
    };

    for (const { name, line, kind, typeOnly } of importsOf(source)) {
      const relative = name.startsWith('.');
      // Node's own modules may be required at first need: importing one delays every start.
      if (kind === 'require' && !(file.endsWith('.node.ts') && isBuiltin(name)))
        report(line, `require('${name}'): use import`);
      if (relative && !/\.(ts|json)$/.test(name)) report(line, `${name}: name the .ts file`);
      if (test) continue;

      if (kind === 'lazy' && !MAY_LOAD_LAZILY.test(file))
        report(line, `import('${name}') inside code: only loaders of backends may`);
      if (isBuiltin(name)) {
        if (!name.startsWith('node:')) report(line, `write node:${name}`);
        if (!typeOnly && !MAY_LOAD_NODE.test(file))
          report(line, `${name} belongs in a *.node.ts file, chosen by package.json "imports"`);
        continue;
      }
      const own = name === pkg.name || name.startsWith(`${pkg.name}/`);
      if (own && !allowed?.includes('public')) {
        report(line, `${name}: import the room instead`);
        continue;
      }
      const targets = relative
        ? [posix.join(posix.dirname(file), name)]
        : name.startsWith('#')
          ? allSources(pkg.imports?.[name])
          : names.has(name)
            ? [names.get(name)]
            : [];
      if (
        !relative &&
        targets.length === 0 &&
        !packages.some((p) => `${name}/`.startsWith(`${p}/`))
      )
        report(line, `${name} is neither a dependency nor a name of this package`);
      for (const to of targets) {
        if (allowed && to.startsWith('src/') && to.endsWith('.ts')) checkTarget(to, name, line);
        if (kind === 'static' && !typeOnly) edges.push({ to, line });
      }
    }
  }
  return [...violations, ...findCycles(runtimeEdges)];
}

/** One violation for each edge that closes a cycle, naming the whole cycle. */
function findCycles(edgesOf) {
  const violations = [];
  const state = new Map(); // file -> 'open' | 'done'
  const path = [];
  const visit = (file) => {
    state.set(file, 'open');
    path.push(file);
    for (const { to, line } of edgesOf.get(file) ?? []) {
      if (state.get(to) === 'open') {
        const cycle = [...path.slice(path.indexOf(to)), to].map((f) => f.replace(/^src\//, ''));
        violations.push({ file, line, message: `import cycle: ${cycle.join(' -> ')}` });
      } else if (!state.has(to)) visit(to);
    }
    path.pop();
    state.set(file, 'done');
  };
  for (const file of edgesOf.keys()) if (!state.has(file)) visit(file);
  return violations;
}

function readSources() {
  const paths = readdirSync(join(root, 'src'), { recursive: true })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => posix.join('src', path.replaceAll('\\', '/')));
  return new Map(paths.sort().map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = readSources();
  const violations = checkArrows(files, readPackage());
  for (const { file, line, message } of violations) console.log(`${file}:${line}  ${message}`);
  console.log(`${files.size} files, ${violations.length} violations`);
  process.exitCode = violations.length > 0 ? 1 : 0;
}
