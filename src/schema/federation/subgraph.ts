/** Makes a subgraph of the schema: what gateways request of every subgraph, as Apollo Federation has it. */
import { addResolversToSchema } from '@graphql-tools/schema';
import { extendSchema, GraphQLSchema, isObjectType, parse } from 'graphql';
import { findDirectives } from './directives.ts';
import { type Entities, findEntities } from './entities.ts';
import { createEntitiesResolver } from './resolve-references.ts';
import { createSdl } from './subgraph-sdl.ts';

/** @throws {Error} when the federation's description doesn't match the schema */
export function toSubgraph(plain: GraphQLSchema): GraphQLSchema {
  const entities = findEntities(plain);
  // What is wrong with them is wrong at the start, though the SDL isn't made before a client requests it.
  findDirectives(plain);
  const sdl = createSdl(plain);
  return addResolversToSchema({
    schema: extend(plain, toExtension(plain, entities)),
    resolvers: {
      Query: {
        _entities: createEntitiesResolver(entities),
        _service: () => ({ __typename: '_Service', sdl }),
      },
    },
    resolverValidationOptions: { requireResolversToMatchSchema: 'error' },
    updateResolversInPlace: true,
  });
}

/** `extendSchema` of GraphQL 16 forgets the description of the schema itself. */
const extend = (schema: GraphQLSchema, extension: string): GraphQLSchema =>
  new GraphQLSchema({ ...extendSchema(schema, parse(extension)).toConfig(), description: schema.description });

const toExtension = (schema: GraphQLSchema, entities: Entities): string => `
"An entity as another subgraph knows it: its \`__typename\`, and the fields of one of its keys."
scalar _Any

"Any entity of this subgraph."
union _Entity = ${[...entities.keys()].filter((name) => isObjectType(schema.getType(name))).join(' | ')}

"This service as a subgraph."
type _Service {
  "The schema of the subgraph, with the directives that it is composed by."
  sdl: String!
}

extend type Query {
  """
  For federation gateways: the entities of \`representations\`, in their order; \`null\` where there is none. Each distinct run costs at
  most one upstream call. A representation that fails is \`null\` with an error, and doesn't affect the others.
  """
  _entities("Which entities, repeats allowed." representations: [_Any!]!): [_Entity]!

  "For federation gateways; refused where introspection is off: this service as a subgraph."
  _service: _Service!
}
`;
