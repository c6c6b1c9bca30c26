/** Datafold numbers its monitors and runs. */

const id = /^(?:0|[1-9][0-9]{0,18})$/;

/** The largest signed integer of 64 bits. */
const maxId = '9223372036854775807';

export const isId = (text: string): boolean => id.test(text) && (text.length < maxId.length || text <= maxId);

const range = `from 0 to ${maxId}, in decimal digits without sign or leading zeros.`;
export const expectedId = `Expected a Datafold id: a whole number ${range}`;
export const expectedIds = `Expected Datafold ids: whole numbers ${range}`;
