/** Lets clients read the schema, or not; then they aren't told the names that they nearly got right either. */
import { NoSchemaIntrospectionCustomRule, validate } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** @param maxErrors the most errors that an invalid document is told */
export const useValidation = (isAllowed: boolean, maxErrors: number): Plugin => ({
  onValidate({ addValidationRule, setValidationFn }) {
    if (!isAllowed) addValidationRule(NoSchemaIntrospectionCustomRule);
    setValidationFn((schema, document, rules) =>
      validate(schema, document, rules, { maxErrors, hideSuggestions: !isAllowed }),
    );
  },
});
