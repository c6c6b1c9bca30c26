/**
 * Lets clients read the schema, or not; then they aren't told the names that they nearly got right either, neither in a
 * document nor in its variables.
 */
import { getOperationAST, getVariableValues, NoSchemaIntrospectionCustomRule, validate } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** @param maxErrors the most errors that an invalid document, or its variables, are told */
export const useValidation = (isAllowed: boolean, maxErrors: number): Plugin => ({
  onValidate({ addValidationRule, setValidationFn }) {
    if (!isAllowed) addValidationRule(NoSchemaIntrospectionCustomRule);
    setValidationFn((schema, document, rules) =>
      // Without the one that only says that there are more.
      validate(schema, document, rules, { maxErrors, hideSuggestions: !isAllowed }).slice(0, maxErrors),
    );
  },
  onExecute: ({ args: { schema, document, operationName, variableValues } }) => ({
    onExecuteDone({ result, setResult }) {
      // Only what never began has errors without data. The executor takes neither of the two options for variables.
      if (Symbol.asyncIterator in result || result.errors === undefined || result.data !== undefined) return;
      const { variableDefinitions = [] } = getOperationAST(document, operationName) ?? {};
      const options = { maxErrors, hideSuggestions: !isAllowed };
      const { errors } = getVariableValues(schema, variableDefinitions, variableValues ?? {}, options);
      // As the executor has it: what can't be executed is 400, whatever the client accepts.
      for (const { extensions } of errors ?? []) extensions.http = { status: 400 };
      if (errors !== undefined) setResult({ errors: errors.slice(0, maxErrors) });
    },
  }),
});
