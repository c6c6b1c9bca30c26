/** What the schema and the provider documents claim of the upstreams: no more than a stored document says, or it is marked as ours. */
import { readFileSync } from 'node:fs';
import { buildASTSchema, type GraphQLSchema, isEnumType, isInterfaceType, isObjectType, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { readSdl } from '../src/schema.ts';
import { readDocument } from './documented.ts';

const schema: GraphQLSchema = buildASTSchema(parse(readSdl().join('\n')), { assumeValidSDL: true });

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
    expect(descriptionOf('DatafoldRunState')).toContain('No document says what they mean');
    const { enum: words } = readDocument('datafold').components.schemas.MonitorRunState;
    for (const word of words)
      expect(descriptionOf(`DatafoldRunState.${word.toUpperCase()}`), word).toMatch(/^Our reading: /);
  });

  it('says the same of an Olostep monitor that has failed', () => {
    expect(descriptionOf('OlostepMonitorStatus.FAILED')).toMatch(/^Our reading: /);
  });

  it('says of tags what the document says, and that it does not say more', () => {
    expect(descriptionOf('Query.monitorList.tags')).not.toContain('with all of');
    expect(descriptionOf('Query.monitorList.tags')).toContain(
      "whether a monitor must have all of them or any isn't documented",
    );
  });

  it('says that the different rows of a diff are those that are allowed', () => {
    for (const name of ['differentRowsCount', 'differentRowsPercent']) {
      expect(descriptionOf(`DatafoldDiffAlert.${name}`)).toContain('allowed');
      expect(descriptionOf(`DatafoldDiffAlert.${name}`)).not.toContain('From how many');
    }
    expect(descriptionOf('DatafoldDiffAlert.matchRatioMin')).toContain('below it');
  });
});

describe('README and .env.example', () => {
  it.each(['README.md', '.env.example'])('%s: say what is known of the product at us.datafold.com', (file) => {
    const text = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8').replaceAll(/\s+#?\s*/g, ' ');

    expect(text).toMatch(/us\.datafold\.com.{0,80}another product.{0,160}only.{0,120}documented/);
  });
});
