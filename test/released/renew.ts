/** Stores today's schema as the released one: `npm run schema:release`, once a release is out. */
import { writeFileSync } from 'node:fs';
import { printSchema } from 'graphql';
import { createSchema } from '../../src/schema/create-schema.ts';

writeFileSync(new URL('schema.graphql', import.meta.url), `${printSchema(createSchema())}\n`);
