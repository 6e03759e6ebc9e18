/** Names of the two kinds of node that are no op. */
export const LEAF_NAME = 'leaf';
export const OUTPUT_NAME = 'output of';
