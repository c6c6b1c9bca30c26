/** Datafold numbers its monitors and runs. */

/** 19 digits hold every 64-bit integer. */
const id = /^(?:0|[1-9][0-9]{0,18})$/;

export const isId = (text: string): boolean => id.test(text);
