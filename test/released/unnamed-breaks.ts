/** What of the schema breaks clients of its last release, though the changelog doesn't tell them. */
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import type { GraphQLSchema } from 'graphql';

/**
 * A sentence for each change that breaks clients, unless the changelog's section Unreleased has the change's path in
 * backticks: `` `DatafoldRun.diffId` ``.
 */
export async function findUnnamedBreaks(
  released: GraphQLSchema,
  current: GraphQLSchema,
  changelog: string,
): Promise<string[]> {
  const unreleased = changelog.split(/^## /m).find((section) => section.startsWith('Unreleased\n')) ?? '';
  const changes = await diff(released, current);
  return changes
    .filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking)
    .filter(({ path }) => path === undefined || !unreleased.includes(`\`${path}\``))
    .map(({ path, message }) => `Expected CHANGELOG.md, Unreleased, to name \`${path}\`: ${message}`);
}
