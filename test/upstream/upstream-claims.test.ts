/** What the schema and the provider documents claim of the upstreams: no more than a stored document says, or it is marked as ours. */
import { readFileSync } from 'node:fs';
import { buildASTSchema, type GraphQLSchema, isEnumType, isInterfaceType, isObjectType, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { sdl } from '../../src/generated/sdl.ts';
import { readDocument } from '../support/documented.ts';

const schema: GraphQLSchema = buildASTSchema(parse(sdl.join('\n')), { assumeValidSDL: true });

/** The description at `Type`, `Type.field`, `Type.VALUE` or `Type.field.argument`, in one line. */
function descriptionOf(path: string): string {
  const [typeName = '', name, argument] = path.split('.');
  const type = schema.getType(typeName);
  const member = isEnumType(type)
    ? type.getValue(name ?? '')
    : isObjectType(type) || isInterfaceType(type)
      ? type.getFields()[name ?? '']
      : undefined;
  const found =
    name === undefined
      ? type
      : argument === undefined
        ? member
        : member && 'args' in member && member.args.find((one) => one.name === argument);
  if (!found) throw new Error(`${path} is not in the schema`);
  return (found.description ?? '').replaceAll(/\s+/g, ' ');
}

describe('The schema', () => {
  it('says of every Datafold state that its meaning is our reading', () => {
    expect(descriptionOf('DatafoldRunState')).toContain("don't say what they mean");
    const { enum: words } = readDocument('datafold').components.schemas.MonitorRunState;
    for (const word of words)
      expect(descriptionOf(`DatafoldRunState.${word.toUpperCase()}`), word).toMatch(/^Our reading: /);
  });

  it('says the same of an Olostep monitor that has failed', () => {
    expect(descriptionOf('OlostepMonitorStatus.FAILED')).toMatch(/^Our reading: /);
  });

  it('says of a snapshot that it is metadata, and of a cron expression that it has six fields', () => {
    expect(descriptionOf('OlostepRun.snapshot')).toContain('metadata');
    expect(descriptionOf('OlostepRun.snapshot')).not.toContain('What the run saw');
    expect(descriptionOf('OlostepSchedule.cron')).toContain('six fields');
    expect(descriptionOf('OlostepSchedule.cron')).not.toContain('crontab');
  });

  it('says that the order of runs is our reading, and where those without a time stand', () => {
    for (const type of ['DatafoldMonitor', 'OlostepMonitor']) {
      expect(descriptionOf(`${type}.runs`)).toContain('is our reading');
      expect(descriptionOf(`${type}.runs`)).toContain('stays where the list has it');
    }
    expect(descriptionOf('DatafoldMonitor.runs')).not.toContain('Those alone that have started');
  });

  it('says of tags what the document says, and that this service checks them', () => {
    expect(descriptionOf('Query.monitorList.tags')).toContain('checked in its response');
    expect(descriptionOf('Query.monitorList.tags')).toContain(
      "doesn't document whether a monitor must have all of them or any",
    );
  });

  it('says that the different rows of a diff are those that are allowed', () => {
    for (const name of ['differentRowsCount', 'differentRowsPercent']) {
      expect(descriptionOf(`DatafoldDiffAlert.${name}`)).toContain('still passes');
      expect(descriptionOf(`DatafoldDiffAlert.${name}`)).not.toContain('From how many');
    }
    expect(descriptionOf('DatafoldDiffAlert.matchRatioMin')).toContain('below it');
  });
});

describe('The OpenAPI documents', () => {
  it('claim the errors of a single Olostep run for no other endpoint but the plan of a monitor', () => {
    const { paths } = readDocument('olostep');
    const claimed = Object.entries<{ get: { responses: object } }>(paths).map(([path, { get }]) => [
      path,
      Object.keys(get.responses).filter((status) => ['400', '401', '404', '500'].includes(status)),
    ]);

    expect(Object.fromEntries(claimed)).toEqual({
      '/v1/monitors': [],
      '/v1/monitors/{monitor_id}': [],
      '/v1/monitors/{monitor_id}/events': [],
      '/v1/monitors/{monitor_id}/planning': ['400', '401', '404', '500'],
      '/v1/monitors/{monitor_id}/runs/{run_id}': ['400', '401', '404', '500'],
    });
  });

  it('say what Olostep means by 402, 403, 501 and 504', () => {
    const { responses } = readDocument('olostep').components;

    expect(responses.PaymentRequired.description).toMatch(/usage_limit_reached.*otherwise the API key is invalid/);
    expect(responses.Forbidden.description).toContain('IncompleteSignatureException');
    expect(responses.AtCapacity.description).toContain('max_capacity_reached');
  });

  it("claim neither which timestamp Datafold's windows go by, nor an order of runs", () => {
    const { parameters } = readDocument('datafold').paths['/api/v1/monitors/{id}/runs'].get;
    for (const name of ['start_time', 'end_time']) {
      const { description } = parameters.find((one: { name: string }) => one.name === name);
      expect(description).not.toMatch(/^Runs that started/);
      expect(description).toContain("isn't documented");
    }
  });
});

describe('docs/configuration.md and .env.example', () => {
  it.each(['docs/configuration.md', '.env.example'])(
    '%s: say what is known of the product at us.datafold.com',
    (file) => {
      const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8').replaceAll(/\s+#?\s*/g, ' ');

      expect(text).toMatch(/us\.datafold\.com.{0,80}another product.{0,160}only.{0,120}documented/);
    },
  );
});
