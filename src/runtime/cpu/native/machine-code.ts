/**
 * The host's own machine code. Each routine is written twice: as assembly, which is what to read
 * and to change, and as the bytes it assembles to. The test assembles the text with GNU as and
 * compares; after a change of the text it prints the new bytes.
 */
import { CONTROL, POOL } from './layout.ts';

export interface Routine {
  readonly assembly: string;
  readonly hex: string;
}

const CLOSED = 0x80000000;
const FUTEX = 202;
const WAIT_PRIVATE = 128;
const WAKE_PRIVATE = 129;
/** Stands where an address is put in: that of the control page, or of its argument block. */
const HERE = '0x1122334455667788';

/** The kernel in the argument block, its whole range, on this thread. */
export const CALL: Routine = {
  assembly: `
    movabs rdi, ${HERE}
    cvttsd2si rdx, [rdi + 8]
    cvttsd2si rax, [rdi]
    xor esi, esi
    xor ecx, ecx
    jmp rax`,
  hex: '48bf8877665544332211f2480f2c5708f2480f2c0731f631c9ffe0',
};

/**
 * The program of the control page, on all threads that have time. Takes the pool if it is free,
 * else runs alone: that is how isolates share one pool.
 */
export const RUN: Routine = {
  assembly: `
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    sub rsp, 8
    movabs rbp, ${HERE}
    cvttsd2si r12, [rbp + ${CONTROL.program}]
    mov r13, [r12]
    lea r14, [r12 + 16]
    mov rbx, [rbp + ${CONTROL.pool}]
    test rbx, rbx
    je next
    xor eax, eax
    mov ecx, 1
    lock cmpxchg [rbx + ${POOL.busy}], ecx
    je locked
    xor ebx, ebx
    jmp next
  locked:
    mov eax, [rbp + ${CONTROL.threads}]
    mov [rbx + ${POOL.threads}], eax
  next:
    dec r13
    js done
    mov rdi, [r14]
    add r14, 8
    test rdi, rdi
    je guard
    cvttsd2si r15, [rdi + 8]
    cvttsd2si rax, [rdi]
    test r15, r15
    jle next
    test rbx, rbx
    je alone
    cmp r15, 1
    je alone
    # A phase: what runs, then its number, which opens it; then those who sleep.
    mov [rbx + ${POOL.args}], rdi
    mov [rbx + ${POOL.code}], rax
    mov [rbx + ${POOL.tiles}], r15
    mov qword ptr [rbx + ${POOL.tile}], 0
    mov eax, [rbx + ${POOL.phase}]
    inc eax
    shl rax, 32
    xchg [rbx + ${POOL.inside}], rax
    cmp dword ptr [rbx + ${POOL.sleepers}], 0
    je mine
    mov eax, 0x7fffffff
    lea rdx, [r15 - 1]
    cmp rdx, rax
    cmova rdx, rax
    lea rdi, [rbx + ${POOL.phase}]
    mov esi, ${WAKE_PRIVATE}
    mov eax, ${FUTEX}
    syscall
  mine:
    mov esi, 1
    lock xadd [rbx + ${POOL.tile}], rsi
    cmp rsi, r15
    jae close
    lea rdx, [rsi + 1]
    mov rdi, [rbx + ${POOL.args}]
    xor ecx, ecx
    call [rbx + ${POOL.code}]
    jmp mine
    # No tile is left: nobody may enter any more, and those inside are waited for.
  close:
    lock or dword ptr [rbx + ${POOL.inside}], ${CLOSED}
    mov ecx, [rbp + ${CONTROL.spins}]
  join:
    cmp dword ptr [rbx + ${POOL.inside}], ${CLOSED}
    je next
    pause
    dec ecx
    jne join
    mov eax, 1
    xchg [rbx + ${POOL.waiting}], eax
  sleep:
    mov edx, [rbx + ${POOL.inside}]
    cmp edx, ${CLOSED}
    je woken
    lea rdi, [rbx + ${POOL.inside}]
    mov esi, ${WAIT_PRIVATE}
    xor r10d, r10d
    mov eax, ${FUTEX}
    syscall
    jmp sleep
  woken:
    mov dword ptr [rbx + ${POOL.waiting}], 0
    jmp next
  alone:
    xor esi, esi
    mov rdx, r15
    xor ecx, ecx
    call rax
    jmp next
  guard:
    mov rax, [r12 + 8]
    test rax, rax
    je next
    cmp qword ptr [rax], -1
    je next
  done:
    test rbx, rbx
    je out
    mov dword ptr [rbx + ${POOL.busy}], 0
  out:
    add rsp, 8
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret`,
  hex:
    '535541544155415641574883ec0848bd8877665544332211f24c0f2c65004d8b2c244d8d742410488b5d0848' +
    '85db741b31c0b901000000f00fb14b40740431dbeb098b451089835801000049ffcd0f8844010000498b3e49' +
    '83c6084885ff0f841c010000f24c0f2c7f08f2480f2c074d85ff7ed74885db0f84f50000004983ff010f84eb' +
    '0000004889bb40010000488983480100004c89bb5001000048c78300010000000000008b8384000000ffc048' +
    'c1e0204887838000000083bbc0000000007423b8ffffff7f498d57ff4839c2480f47d0488dbb84000000be81' +
    '000000b8ca0000000f05be01000000f0480fc1b3000100004c39fe7315488d5601488bbb4001000031c9ff93' +
    '48010000ebd8f0818b80000000000000808b4d1481bb80000000000000800f841ffffffff390ffc975eab801' +
    '0000008783c40000008b938000000081fa000000807418488dbb80000000be800000004531d2b8ca0000000f' +
    '05ebdac783c400000000000000e9d9feffff31f64c89fa31c9ffd0e9cbfeffff498b4424084885c00f84bdfe' +
    'ffff488338ff0f84b3feffff4885db7407c74340000000004883c408415f415e415d415c5d5bc3',
};

/**
 * A worker's whole life, started by pthread_create with its record. It looks at the phase word a
 * bounded number of times, then sleeps until the phase changes. It says that it sleeps before it
 * sleeps, and the caller looks for sleepers after it opened a phase, so no wake-up is lost.
 */
export const WORKER: Routine = {
  assembly: `
    push rbx
    push rbp
    push r12
    push r13
    push r14
    mov rbx, [rdi]
    mov r12, [rdi + 8]
    mov r13, [rdi + 16]
  again:
    mov ebp, [rbx + ${POOL.spins}]
  look:
    mov rax, [rbx + ${POOL.inside}]
    mov rdx, rax
    shr rdx, 32
    cmp edx, r13d
    je idle
    test eax, eax
    js idle
    cmp r12d, [rbx + ${POOL.threads}]
    jae idle
    lea rcx, [rax + 1]
    lock cmpxchg [rbx + ${POOL.inside}], rcx
    jne look
    mov r13d, edx
    mov r14, [rbx + ${POOL.tiles}]
  tile:
    mov esi, 1
    lock xadd [rbx + ${POOL.tile}], rsi
    cmp rsi, r14
    jae leave
    lea rdx, [rsi + 1]
    mov rdi, [rbx + ${POOL.args}]
    mov ecx, r12d
    call [rbx + ${POOL.code}]
    jmp tile
  leave:
    mov eax, -1
    lock xadd [rbx + ${POOL.inside}], eax
    cmp eax, ${CLOSED + 1}
    jne again
    cmp dword ptr [rbx + ${POOL.waiting}], 0
    je again
    lea rdi, [rbx + ${POOL.inside}]
    mov esi, ${WAKE_PRIVATE}
    mov edx, 1
    mov eax, ${FUTEX}
    syscall
    jmp again
  idle:
    pause
    dec ebp
    jne look
    lock inc dword ptr [rbx + ${POOL.sleepers}]
    lea rdi, [rbx + ${POOL.phase}]
    mov esi, ${WAIT_PRIVATE}
    xor r10d, r10d
    mov eax, ${FUTEX}
    syscall
    lock dec dword ptr [rbx + ${POOL.sleepers}]
    jmp again`,
  hex:
    '5355415441554156488b1f4c8b67084c8b6f108b6b1c488b83800000004889c248c1ea204439ea0f84990000' +
    '0085c00f8891000000443ba3580100000f8384000000488d4801f0480fb18b8000000075c54189d54c8bb350' +
    '010000be01000000f0480fc1b3000100004c39f67316488d5601488bbb400100004489e1ff9348010000ebd7' +
    'b8fffffffff00fc183800000003d010000800f8577ffffff83bbc4000000000f846affffff488dbb80000000' +
    'be81000000ba01000000b8ca0000000f05e94dfffffff390ffcd0f8546fffffff0ff83c0000000488dbb8400' +
    '0000be800000004531d2b8ca0000000f05f0ff8bc0000000e91affffff',
};

/** Lowers the fault word at rdi to rsi, unsigned; changes rax and flags alone. */
export const RAISE_FAULT: Routine = {
  assembly: `
    mov rax, [rdi]
  retry:
    cmp rsi, rax
    jae kept
    lock cmpxchg [rdi], rsi
    jne retry
  kept:
    ret`,
  hex: '488b074839c67307f0480fb13775f4c3',
};

/** (address, expected, value): what was at the address; it is `value` now if it was `expected`. */
export const COMPARE_AND_SWAP: Routine = {
  assembly: `
    mov rax, rsi
    lock cmpxchg [rdi], rdx
    ret`,
  hex: '4889f0f0480fb117c3',
};

/** (leaf, subleaf, address): four 32-bit words, eax ebx ecx edx. It also serializes. */
export const CPUID: Routine = {
  assembly: `
    push rbx
    mov r8, rdx
    mov eax, edi
    mov ecx, esi
    cpuid
    mov [r8], eax
    mov [r8 + 4], ebx
    mov [r8 + 8], ecx
    mov [r8 + 12], edx
    pop rbx
    ret`,
  hex: '534989d089f889f10fa241890041895804418948084189500c5bc3',
};

/** The states of registers that the system saves (XCR0, low half); only with OSXSAVE. */
export const XGETBV: Routine = {
  assembly: `
    xor ecx, ecx
    xgetbv
    ret`,
  hex: '31c90f01d0c3',
};

/** (count): that many times what a waiting thread does. */
export const PAUSES: Routine = {
  assembly: `
    pause
    dec rdi
    jne .-5
    ret`,
  hex: 'f39048ffcf75f9c3',
};

export const ROUTINES: Readonly<Record<string, Routine>> = {
  CALL,
  RUN,
  WORKER,
  RAISE_FAULT,
  COMPARE_AND_SWAP,
  CPUID,
  XGETBV,
  PAUSES,
};

/** The bytes of a routine, with `here` as the address it works on. */
export function assembled(routine: Routine, here = 0): Uint8Array {
  const { hex } = routine;
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  const at = hex.indexOf('8877665544332211') / 2;
  if (at >= 0) new DataView(bytes.buffer).setBigUint64(at, BigInt(here), true);
  return bytes;
}
