/** Has Yoga execute as we do, which the short way does as well. */
import type { Plugin } from 'graphql-yoga';
import type { Context } from '../context.ts';
import type { Execute } from '../execution/execute.ts';

export const useExecution = (execute: Execute): Plugin<Context> => ({
  onExecute({ setExecuteFn }) {
    setExecuteFn(({ contextValue, ...operation }) => execute(operation, contextValue));
  },
});
