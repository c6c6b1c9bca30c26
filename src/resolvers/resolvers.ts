/**
 * Query fields -> loaders. What is below a run or a monitor, its provider has filled already; ways from one to the other are here.
 */
import type { Account, MonitorKey, RunKey } from '../core/accounts.ts';
import { BadUserInput } from '../core/errors.ts';
import type { QueryResolvers } from '../generated/resolvers.ts';
import type { MonitorRunCountsArgs, MonitorRunsArgs, Provider } from '../generated/types.ts';
import { type SelectedOf, type Selection, selectedIn } from '../graphql/selected-fields.ts';
import { withAccount } from '../loaders/account-errors.ts';
import { countAwaited } from '../loaders/planner.ts';
import { countRuns } from '../loaders/run-counts.ts';
import type { Wanted } from '../observability/tracing.ts';
import type { CredentialOf } from '../providers/accounts.ts';
import type { AllowStale, LinkKey, Node, Run, Selected } from '../providers/fields.ts';
import {
  identifyMonitor,
  identifyRun,
  monitorIdentity,
  runIdentity,
  splitGlobalId,
  toLinkId,
} from '../providers/fields.ts';
import { isProvider, providerNames, providers } from '../providers/index.ts';
import type { LinkDefinition } from '../providers/provider.ts';
import type { Context } from './context.ts';
import { readRunFeed } from './run-feed/run-feed.ts';

/** Which monitor, as a client says it. */
interface ClientKey extends Omit<MonitorKey, 'account'> {
  readonly account?: string | null | undefined;
}

/** Which run, which monitor, or which other object with a global id. */
export type NodeKey = RunKey | MonitorKey | LinkKey;

/** The most keys or ids that one field takes: a promise of the schema, and so no limit that could be set. */
const maxKeys = 100;

/** What fails at once fails as a promise: one of many that threw would end the others. */
function loadRun(
  context: Context,
  given: ClientKey & Pick<RunKey, 'runId'>,
  selectedOf: SelectedOf,
  allowStale = false,
): Promise<Run | null> {
  try {
    const key: RunKey = { ...toMonitorKey(context, given), runId: given.runId };
    const { typeName, isKey, checkArguments = {} } = providers[key.provider].runs;
    const selected = selectedOf(typeName);
    context.costBudget.chargeDeferredFields(countAwaited(selected));
    // Where all that would need the run has arguments that can't be, its ids are all there is to say.
    if (selected.invalid.size > 0 && isRunIdentity(selected) && isKey(key)) {
      const reading = { readAt: context.now, isStale: false, allowStale };
      return Promise.resolve(
        withAccount(key, {
          ...identifyRun(key, reading),
          ...checkArguments,
          __typename: typeName,
        } as Partial<Run> as Run),
      );
    }
    const loading = context.runs.load(key, selected, allowStale);
    // Other fields of the operation have the same run, and may not allow it.
    return allowStale ? loading.then((run) => run && { ...run, allowStale }) : loading;
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Notes for the trace, where there is one, that a field waits for what its key is of. */
export const note = (
  { call: { trace } }: Context,
  coordinate: string,
  wanted: Wanted,
  key?: Partial<ClientKey & Pick<RunKey, 'runId'>>,
): void => trace?.addField(coordinate, wanted, key);

/** What a key is of. */
export function kindOf(key: NodeKey): Wanted {
  if ('link' in key) return 'detail';
  return 'runId' in key ? 'run' : 'monitor';
}

function loadMonitor(context: Context, given: ClientKey, selectedOf: SelectedOf, allowStale = false) {
  try {
    const key = toMonitorKey(context, given);
    const selected = selectedOf(providers[key.provider].monitors.typeName);
    context.costBudget.chargeDeferredFields(countAwaited(selected));
    return context.monitors.load(key, selected, allowStale);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** @throws {BadUserInput} when the provider has no such account */
const toMonitorKey = ({ accounts }: Context, { provider, account, monitorId }: ClientKey): MonitorKey => ({
  provider,
  account: accounts.find(provider, account).account,
  monitorId,
});

async function loadLink(context: Context, given: LinkKey, selectedOf: SelectedOf): Promise<Node | null> {
  const key: LinkKey = { ...given, account: context.accounts.find(given.provider, given.account).account };
  const { typeName, isKey, expectedKey, detail, ownFields, toObject } = linkOf(key);
  if (!isKey(key.id)) throw new BadUserInput(expectedKey, key.provider);
  const selected = selectedOf(typeName);
  context.costBudget.chargeDeferredFields(countAwaited(selected));
  const isOwn = [...selected].every((name) => ownFields.has(name));
  const record = isOwn ? undefined : await context.details.load(key, detail, key.id);
  return record === null ? null : (withAccount(key, { ...toObject(key, record), id: toLinkId(key) }) as Node);
}

const linkOf = ({ provider, link }: LinkKey) => providers[provider].links?.[link] as LinkDefinition;

/** A run, a monitor or another object, whichever the key is of. */
export function loadNode(
  context: Context,
  key: NodeKey,
  selectedOf: SelectedOf,
  allowStale = false,
): Promise<Node | null> {
  if ('link' in key) return loadLink(context, key, selectedOf);
  return 'runId' in key
    ? loadRun(context, key, selectedOf, allowStale)
    : loadMonitor(context, key, selectedOf, allowStale);
}

const shared: QueryResolvers = {
  accounts: (_query, _args, { accounts, credentialOf }) =>
    accounts.all.map((account) => ({
      __typename: 'Account' as const,
      provider: account.provider,
      name: account.account,
      isConfigured: hasCredential(credentialOf, account),
    })),
  monitorRun(_query, { key, allowStale }, context, info) {
    note(context, 'Query.monitorRun', 'run', key);
    return loadRun(context, key, selectedIn(info), allowStale);
  },
  monitorRuns(_query, { keys, allowStale }, context, info) {
    const selectedOf = selectedIn(info);
    return each('keys', maxKeys, keys, (key) => {
      note(context, 'Query.monitorRuns', 'run', key);
      return loadRun(context, key, selectedOf, allowStale);
    });
  },
  async node(_query, { id }, context, info) {
    const key = toKey(id);
    note(context, 'Query.node', kindOf(key), key);
    return loadNode(context, key, selectedIn(info));
  },
  nodes(_query, { ids, allowStale }, context, info) {
    const selectedOf = selectedIn(info);
    return each('ids', maxKeys, ids, async (id) => {
      const key = toKey(id);
      note(context, 'Query.nodes', kindOf(key), key);
      return loadNode(context, key, selectedOf, allowStale);
    });
  },
  monitor(_query, { key, allowStale }, context, info) {
    note(context, 'Query.monitor', 'monitor', key);
    return loadMonitor(context, key, selectedIn(info), allowStale);
  },
  monitors(_query, { keys, allowStale }, context, info) {
    const selectedOf = selectedIn(info);
    return each('keys', maxKeys, keys, (key) => {
      note(context, 'Query.monitors', 'monitor', key);
      return loadMonitor(context, key, selectedOf, allowStale);
    });
  },
  monitorList(_query, args, context, info) {
    const { lists, costBudget } = context;
    note(context, 'Query.monitorList', 'monitors', args.provider ? { provider: args.provider } : {});
    return lists.monitors(args, costBudget, selectedIn(info));
  },
  runs(_query, args, context, info) {
    note(context, 'Query.runs', 'any');
    // Programs read page after page. A person who waits for one page goes first.
    if (args.after != null) context.call.isReport = true;
    return readRunFeed(args, context, selectedIn(info));
  },
};

function hasCredential(credentialOf: CredentialOf, account: Account): boolean {
  try {
    credentialOf(account);
    return true;
  } catch {
    return false;
  }
}

/** `datafoldRun`, `olostepRun`, … */
export const ownField = (provider: Provider): string => `${provider.toLowerCase()}Run`;

type OwnKey = Omit<ClientKey & Pick<RunKey, 'runId'>, 'provider'> & AllowStale;

/** Each provider's own root field. That the schema has it is checked when the schema is made. */
const own: QueryResolvers = Object.fromEntries(
  providerNames.map((provider) => {
    const name = ownField(provider);
    const coordinate = `Query.${name}`;
    const resolve = (_query: object, { allowStale, ...ids }: OwnKey, context: Context, info: Selection) => {
      const key = { provider, ...ids };
      note(context, coordinate, 'run', key);
      return loadRun(context, key, selectedIn(info), allowStale);
    };
    return [name, resolve];
  }),
);

/** From a run to its monitor, which exists as the run does: its ids are known, and its runs are another list. */
async function monitorOf(
  { provider, account, monitorId, allowStale }: MonitorKey & AllowStale,
  _args: object,
  context: Context,
  info: Selection,
) {
  const { typeName } = providers[provider].monitors;
  const selectedOf = selectedIn(info);
  const selected = selectedOf(typeName);
  const key = { provider, account, monitorId };
  if (isIdentity(selected)) {
    context.costBudget.chargeDeferredFields(countAwaited(selected));
    return { ...identifyMonitor(key, { readAt: context.now, isStale: false, allowStale }), __typename: typeName };
  }
  note(context, 'MonitorRun.monitor', 'monitor', key);
  return loadMonitor(context, key, selectedOf, allowStale);
}

const isRunIdentity = (selected: Selected): boolean => {
  for (const name of selected) if (!runIdentity.has(name)) return false;
  return true;
};

const isIdentity = (selected: Selected): boolean => {
  for (const name of selected) if (!ofRuns.has(name) && !monitorIdentity.has(name)) return false;
  return true;
};

/** What of a monitor is made of its runs. */
const ofRuns: Selected = new Set(['runs', 'runCounts']);

const runsOf = (monitor: MonitorKey & AllowStale, args: MonitorRunsArgs, context: Context, info: Selection) => {
  note(context, 'Monitor.runs', 'runs', monitor);
  return context.lists.runsOf(monitor, args, context.costBudget, selectedIn(info));
};

const runCountsOf = (monitor: MonitorKey & AllowStale, args: MonitorRunCountsArgs, context: Context) => {
  note(context, 'Monitor.runCounts', 'runs', monitor);
  return countRuns(monitor, args, context);
};

/** From whatever a provider filled with a run's key to the run. */
const runAt =
  (name: string, coordinate: string) =>
  (source: Readonly<Record<string, RunKey | Error | null>>, _args: object, context: Context, info: Selection) => {
    const key = source[name];
    if (key instanceof Error) throw key;
    if (!key) return null;
    note(context, coordinate, 'run', key);
    return loadRun(context, key, selectedIn(info));
  };

/** From a run to the object that its provider filled the field with the key of. */
const linkAt =
  (name: string, coordinate: string) =>
  async (source: Readonly<Record<string, unknown>>, args: object, context: Context, info: Selection) => {
    const field = source[name];
    const key: LinkKey | Error | null = await (typeof field === 'function' ? field.call(source, args, context) : field);
    if (key instanceof Error) throw key;
    if (!key) return null;
    note(context, coordinate, 'detail', key);
    return loadLink(context, key, selectedIn(info));
  };

/** By the names of the types, which each provider has its own. */
const ways = Object.fromEntries(
  providerNames.flatMap((provider) => [
    [
      providers[provider].runs.typeName,
      {
        monitor: monitorOf,
        ...Object.fromEntries(
          (providers[provider].runs.linkFields ?? []).map((name) => [
            name,
            linkAt(name, `${providers[provider].runs.typeName}.${name}`),
          ]),
        ),
        ...Object.fromEntries(
          Object.entries(providers[provider].runs.checkArguments ?? {}).map(([name, checkArguments]) => [
            name,
            { extensions: { checkArguments } },
          ]),
        ),
      },
    ],
    [providers[provider].monitors.typeName, { runs: runsOf, runCounts: runCountsOf }],
    ...Object.entries(providers[provider].monitors.runFields ?? {}).map(([type, name]) => [
      type,
      { [name]: runAt(name, `${type}.${name}`) },
    ]),
  ]),
);

export const resolvers = { ...ways, Query: { ...own, ...shared } };

/** A promise an item, not one for all, so that each item fails alone. */
export function each<Item, Found>(
  argument: string,
  most: number,
  items: readonly Item[],
  load: (item: Item) => Promise<Found | null>,
) {
  if (items.length > most) throw new BadUserInput(`Expected at most ${most} \`${argument}\`.`);
  return items.map(load) as unknown as (Found | null)[];
}

/** @throws {BadUserInput} when the id can't be one of ours */
export function toKey(id: string): NodeKey {
  const key = splitGlobalId(id);
  if (key === undefined || !isProvider(key.provider))
    throw new BadUserInput('Expected the `id` of a run or a monitor that this service gave.');
  const { provider, account } = key;
  if ('runId' in key && Object.hasOwn(providers[provider].links ?? {}, key.monitorId))
    return { provider, account, link: key.monitorId, id: key.runId };
  return { ...key, provider };
}
