/**
 * How machine code and its host call each other (x86-64, System V).
 *
 * **A kernel** is a function of an *argument block* and a range of *tiles*, independent pieces of
 * its work that may run in any order and on any thread:
 *
 * | register | what |
 * |---|---|
 * | `rdi` | address of the argument block, 64-byte aligned |
 * | `rsi` | first tile |
 * | `rdx` | one past the last tile; the range is never empty |
 * | `rcx` | index of the thread, 0 (JavaScript's) to threads - 1: for scratch memory of its own |
 *
 * It keeps `rbx rbp r12 r13 r14 r15` and the stack, which is aligned as the ABI says (`rsp + 8` is
 * a multiple of 16 at entry) and has at least 256 KB left. It returns nothing, leaves MXCSR and the
 * direction flag alone, and ends in `vzeroupper` if it touched the upper half of a vector register.
 * It must not write its argument block. On one thread the whole range comes in one call; on several
 * each call brings one tile, so a tile should be worth some microseconds.
 *
 * **An argument block** is an array of 8-byte slots, each a float64, because that is what
 * JavaScript stores fastest. Addresses and counts are exact below 2^53 and read with `cvttsd2si`.
 *
 * | slot | what |
 * |---|---|
 * | 0 | address of the kernel |
 * | 1 | number of tiles; nothing is called if it is 0 |
 * | 2... | whatever the kernel wants |
 *
 * **A program** is a list of argument blocks that run one after another, each by all threads that
 * have time; every thread is out of one before the next begins, and has its stores seen. 8-byte
 * integers:
 *
 * | word | what |
 * |---|---|
 * | 0 | number of entries |
 * | 1 | address of the instance's fault word, or 0 |
 * | 2... | entries: the address of an argument block, or 0: *stop here if there was a fault* |
 *
 * **A fault word** is 8 bytes, all ones while nothing is wrong. A kernel that meets a bad index
 * goes on with a clamped one and lowers the word, atomically and unsigned, to `op * 2^48 +
 * position`: so the first op of the program and the first position win, on any number of threads.
 * `raise-fault` of the host does it: `rdi` is the word, `rsi` the value; it changes `rax` and the
 * flags alone.
 */

/** Slots of an argument block. */
export const ARG_CODE = 0;
export const ARG_TILES = 1;
/** First slot that is the kernel's own. */
export const ARG_FIRST = 2;

/** What Kernel IR becomes takes the address of its fault word first, and then its own arguments. */
export const ARG_FAULT = ARG_FIRST;
export const ARG_PARAMS = ARG_FIRST + 1;

/** Words of a program before its entries. */
export const PROGRAM_COUNT = 0;
export const PROGRAM_FAULT = 1;
export const PROGRAM_FIRST = 2;

/** A fault is `op * 2^48 + position`; `op` is below 65535. */
export const FAULT_POSITION_BITS = 48;
