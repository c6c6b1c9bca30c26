/** Variables of the environment that nothing here reads, and that look like a misspelt one of ours. */
import { providerNames } from '../providers/index.ts';
import type { Env } from './env.ts';

/** The most letters by which a name differs from the one that is meant. */
const maxDistance = 2;

/** Shorter names are too near to those of other programs: `HOME` and `HOST`, `SORT` and `PORT`. */
const minLength = 8;

/** What a name lacks where its unit is forgotten. */
const unit = /^_(?:MS|BYTES|ENTRIES|CHARS)$/;

/** What a variable of a provider is about. */
const providerSubject = /KEY|TOKEN|SECRET|URL|HOST/;

/** A sentence about each such variable, with the name that is probably meant. Other programs' variables are none of our business. */
export function findUnknownVariables(env: Env, known: readonly string[]): string[] {
  return Object.keys(env).flatMap((name) => {
    if (known.includes(name) || !env[name]) return [];
    const nearest = findNearest(name, known);
    return nearest === undefined ? [] : [`${name}: unknown; ${nearest} is probably meant`];
  });
}

function findNearest(name: string, known: readonly string[]): string | undefined {
  const isOfProvider = providerNames.some((provider) => name.startsWith(`${provider}_`)) && providerSubject.test(name);
  if (!isOfProvider && (name.length < minLength || !/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(name))) return undefined;
  const longer = known.find((other) => other.startsWith(`${name}_`) && unit.test(other.slice(name.length)));
  if (longer !== undefined) return longer;
  const distances = known.map((other) => ({ other, distance: distanceOf(name, other) }));
  const [nearest] = distances.sort((a, b) => a.distance - b.distance);
  return nearest && (isOfProvider || nearest.distance <= maxDistance) ? nearest.other : undefined;
}

/** How many letters are added, left out, replaced or exchanged with their neighbour between the two. */
function distanceOf(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, place) => place)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const [above, before] = [rows[i - 1] ?? [], rows[i - 2] ?? []];
      const isSame = a[i - 1] === b[j - 1];
      const isExchanged = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const distances = [at(above, j) + 1, at(row, j - 1) + 1, at(above, j - 1) + (isSame ? 0 : 1)];
      row.push(Math.min(...distances, isExchanged ? at(before, j - 2) + 1 : Number.POSITIVE_INFINITY));
    }
    rows.push(row);
  }
  return at(rows[a.length] ?? [], b.length);
}

const at = (row: readonly number[], place: number): number => row[place] ?? Number.POSITIVE_INFINITY;
