/** What tests expect of graphql's own texts, which differ between the versions that the package works with. */
import { versionInfo } from 'graphql';

/** The text of graphql 16, or the one of 17 where that is installed (`npm run test:graphql17`). */
export const byMajor = (text16: string, text17: string): string => (versionInfo.major >= 17 ? text17 : text16);
