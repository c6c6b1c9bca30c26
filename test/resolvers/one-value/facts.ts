/** What answers say of each object: once it has been said, it must not be said otherwise. */
import type { Answer } from '../../support/world.ts';
import type { SelectedField, Selection } from './selections.ts';

/** How an answer came about. */
export interface Source {
  /** By which route its objects were reached: `key`, `list`, … */
  readonly route: string;
  /** In what state of the service: `cached`, `stale`, … */
  readonly mode: string;
  readonly query: string;
}

type Json = Readonly<Record<string, unknown>>;

export class Facts {
  readonly #facts = new Map<string, { readonly value: string; readonly source: Source }>();
  /** By `Type.field`: the routes and modes in which it had a value. */
  readonly seen = new Map<string, Set<string>>();
  /** How often a value was there to be compared with. */
  compared = 0;
  errors = 0;

  /** @throws {Error} that shows both, when an object's field has two values */
  add(answer: Answer, root: string, selection: Selection, source: Source): void {
    const failed = (answer.errors ?? []).map(({ path = [] }) => path.join('.'));
    this.errors += failed.length;
    this.#inspect(answer.data?.[root], selection, { path: root, name: undefined, failed, source });
  }

  #inspect(value: unknown, selection: Selection | undefined, at: At): void {
    const { path, name, failed, source } = at;
    if (Array.isArray(value)) {
      if (name !== undefined) this.#note(`${name} length`, value.length, source);
      for (const [place, item] of value.entries())
        this.#inspect(item, selection, { ...at, path: `${path}.${place}`, name: name && `${name}[${place}]` });
      return;
    }
    // An error isn't a value, nor is the null that stands for one.
    if (value === null && failed.some((one) => one === path || one.startsWith(`${path}.`))) return;
    if (value === null || value === undefined || selection === undefined) {
      if (name !== undefined) this.#note(name, value, source);
      return;
    }
    this.#inspectObject(value as Json, selection, at);
  }

  #inspectObject(object: Json, { fields }: Selection, { path, name, ...rest }: At): void {
    // Connections and the like around what is selected.
    if (object.__typename === undefined) {
      for (const [key, value] of Object.entries(object))
        this.#inspect(value, { fields, text: '' }, { ...rest, path: `${path}.${key}`, name });
      return;
    }
    const { __typename: type, id } = object as { readonly __typename: string; readonly id?: string };
    // Runs and monitors are known by their global ids. A line of a log has an id as well, of its log alone.
    const isNode = typeof id === 'string' && /^(?:DATAFOLD|OLOSTEP):/.test(id);
    if (name !== undefined) this.#note(name, isNode ? id : type, rest.source);
    for (const field of fields.get(type) ?? []) {
      const at = {
        ...rest,
        path: `${path}.${field.alias}`,
        name: `${isNode ? id : name} ${toCallName(field, rest.source)}`,
      };
      const value = object[field.alias];
      this.#inspect(value, field.selection, at);
      if (!rest.failed.includes(at.path)) this.#see(field, rest.source);
    }
  }

  #see({ type, name }: SelectedField, { route, mode }: Source): void {
    const field = `${type}.${name}`;
    const seen = this.seen.get(field) ?? new Set();
    this.seen.set(field, seen.add(route).add(mode));
  }

  #note(name: string, value: unknown, source: Source): void {
    const text = JSON.stringify(value) ?? 'undefined';
    const known = this.#facts.get(name);
    if (known === undefined) {
      this.#facts.set(name, { value: text, source });
      return;
    }
    this.compared++;
    if (known.value !== text)
      throw new Error(`${name} is ${known.value} and ${text}:\n${show(known.source)}\n${show(source)}`);
  }
}

/**
 * A cursor is opaque, and two of them may name one place: a page of Olostep's runs that was read with the row below it, for
 * `previous`, ends inside the provider's page, and without that at the provider's next page.
 */
const toCallName = ({ name, call }: SelectedField, { query }: Source): string =>
  /^(?:end|start)?cursor$/i.test(name) && query.includes('previous') ? `${call} beside previous` : call;

interface At {
  readonly path: string;
  /** The object and the fields that lead here from it; `undefined` for what isn't below an object. */
  readonly name: string | undefined;
  readonly failed: readonly string[];
  readonly source: Source;
}

const show = ({ route, mode, query }: Source) => `- ${route}, ${mode}: ${query.slice(0, 2_000)}`;
