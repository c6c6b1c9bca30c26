/** Compiles an operation into a plan. */
import { type DocumentNode, type GraphQLSchema, getOperationAST } from 'graphql';
import { fragmentsOf } from '../documents/complexity.ts';
import type { Values } from '../graphql-majors.ts';
import { bailOut, unlessThrown } from './bail-out.ts';
import { compileVariables } from './coerce-variables.ts';
import type { PlanRequest } from './complete-value.ts';
import { compileQuery, type Data } from './root-fields.ts';
import { compileVariants, findConditions } from './skip-include-variants.ts';

/**
 * Executes one operation as long as all goes well, and answers with its data. It knows no errors: where there would be one,
 * or anything else is unsupported, it rejects, with whatever it is.
 * @param variableValues as the client sent them
 */
export type Plan = (variableValues: Values, context: unknown) => Promise<Data>;

/** Called for each part of a plan that is compiled, with its number of fields: at once, or when it is first used. */
export type OnCompiled = (fields: number) => void;

/**
 * The plan of an operation of a valid document; `undefined` for what there are no plans for: mutations, subscriptions,
 * introspection, other directives than `@skip` and `@include`. A plan is for this schema only, and may be cached.
 */
export const compileOperation = (
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName?: string | null,
  onCompiled: OnCompiled = () => {},
): Plan | undefined => unlessThrown(() => compile(schema, document, operationName, onCompiled));

function compile(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
  onCompiled: OnCompiled,
): Plan {
  const operation = getOperationAST(document, operationName);
  const type = schema.getQueryType();
  if (operation?.operation !== 'query' || !type) bailOut();
  const fragments = fragmentsOf(document);
  const toVariables = compileVariables(schema, operation.variableDefinitions ?? []);
  const queryOf = compileVariants(findConditions([operation, ...fragments.values()]), (conditions) => {
    const query = compileQuery({ schema, fragments, conditions }, type, operation.selectionSet);
    onCompiled(query.size);
    return query;
  });
  return (variableValues, context) => {
    try {
      const variables = toVariables(variableValues);
      const { toRequest, load, toData } = queryOf(variables);
      const request = toRequest(variables, context);
      const fields = load(request);
      const [first] = fields;
      // Most operations have one field, which needs no list.
      if (fields.length === 1 && first !== undefined)
        return first.then((found) => whole(toData([found], request), request));
      // A failure of each of them is looked at, the first one at once.
      return Promise.all(fields).then((found) => whole(toData(found, request), request));
    } catch (error) {
      return Promise.reject(error);
    }
  };
}

/** The data, once nothing of it is waited for any more. */
function whole(data: Data, request: PlanRequest): Data | Promise<Data> {
  const { waits } = request;
  if (waits.length === 0) return data;
  // What comes may have to wait for more.
  return Promise.all(waits.splice(0)).then(() => whole(data, request));
}
