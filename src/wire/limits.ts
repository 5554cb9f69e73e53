/**
 * What the wire never exceeds, whatever a length field says.
 *
 * @module
 */

/** A string's longest form in UTF-8, in bytes: Kafka holds compact strings to the INT16 of the others. */
export const MAX_STRING_BYTES = 0x7fff;

/**
 * Elements of all arrays of one message together. A frame may say much in few bytes (an empty topic is three), and
 * each element costs an object: this bounds what a frame can make us allocate.
 */
export const MAX_ARRAY_ELEMENTS = 200_000;

/** A message that we write, in bytes: the size before a frame is an INT32. */
export const MAX_MESSAGE_BYTES = 0x7fff_ffff;

/**
 * Records of one batch, and headers of all of them: a batch of few bytes may be compressed from many, and each costs an
 * object.
 */
export const MAX_BATCH_ELEMENTS = 500_000;

/** What a compressed record batch may grow to, in bytes, unless the caller says otherwise. */
export const MAX_UNCOMPRESSED_BYTES = 64 * 1024 * 1024;
