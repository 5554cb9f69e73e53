/** The one node. */
export const NODE_ID = 1;
