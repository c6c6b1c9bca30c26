/** Imports of `src/` point downwards: a folder imports only from folders below it. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

/** From the top to the bottom, as `docs/architecture.md` shows them. */
const layers = [
  ...['main.ts', 'index.ts', 'service', 'config', 'server', 'sandbox', 'gateway', 'schema', 'resolvers', 'loaders'],
  ...['graphql', 'run-cache', 'providers', 'upstream', 'json', 'observability', 'core', 'client.ts', 'generated'],
];

interface Import {
  readonly from: string;
  readonly to: string;
}

/** All relative imports and re-exports of files in `src/`, static, dynamic or of types. */
function readImports(): Import[] {
  return globSync('src/**/*.ts').flatMap((from) =>
    [...readFileSync(from, 'utf8').matchAll(/(?:\bfrom |\bimport\()'(\.[^']+)'/g)]
      .map(([, path = '']) => join(dirname(from), path))
      .filter((to) => to.startsWith('src/'))
      .map((to) => ({ from: from.slice('src/'.length), to: to.slice('src/'.length) })),
  );
}

const layerOf = (path: string): number => layers.indexOf(path.split('/')[0] as string);

/** `generated/resolvers.ts` is a part of the resolvers, whose types it has. */
const isExempt = ({ from }: Import) => from === 'generated/resolvers.ts';

it('layers: every folder of src/ has its place', () => {
  const unplaced = readImports().filter(({ from, to }) => layerOf(from) === -1 || layerOf(to) === -1);
  expect(unplaced).toEqual([]);
});

it('layers: no import points upwards', () => {
  const upwards = readImports().filter((each) => !isExempt(each) && layerOf(each.from) > layerOf(each.to));
  expect(upwards).toEqual([]);
});

/** The files that a file imports, directly or through others. */
function reachableFrom(start: string, imports: ReadonlyMap<string, readonly Import[]>): ReadonlySet<string> {
  const reached = new Set<string>();
  const waiting = [start];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    const next = (imports.get(file) ?? []).map(({ to }) => to).filter((to) => !reached.has(to));
    for (const to of next) reached.add(to);
    waiting.push(...next);
  }
  return reached;
}

it('layers: no file imports itself through others, not even types', () => {
  const imports = Map.groupBy(
    readImports().filter((each) => !isExempt(each)),
    ({ from }) => from,
  );
  const cyclic = [...imports.keys()].filter((file) => reachableFrom(file, imports).has(file));
  expect(cyclic).toEqual([]);
});

it('layers: three folders at least import each file of core/', () => {
  const imports = readImports().filter(({ from }) => !from.startsWith('core/'));
  const foldersOf = (file: string) =>
    new Set(imports.filter(({ to }) => to === file).map(({ from }) => from.split('/')[0]));
  const files = globSync('src/core/*.ts').map((path) => path.slice('src/'.length));
  expect(files.filter((file) => foldersOf(file).size < 3)).toEqual([]);
});

it('layers: no provider imports from another one', () => {
  const isAcross = ({ from, to }: Import) => {
    const [own, other] = [from, to].map((path) => /^providers\/(\w+)\//.exec(path)?.[1]);
    // `lists/` holds the list strategies, which every provider may use.
    return own !== undefined && other !== undefined && own !== other && own !== 'lists' && other !== 'lists';
  };
  expect(readImports().filter(isAcross)).toEqual([]);
});
