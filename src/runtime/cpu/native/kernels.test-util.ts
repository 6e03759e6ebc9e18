/** Kernels for tests, in assembly and in bytes, compared like the host's own routines. */
import type { Routine } from './machine-code.ts';

/**
 * Counts what it does. Slot 2: a 32-bit count a tile; 3: a 64-bit sum of (tile + 1); 4: how long a
 * tile takes, in turns of a loop; 5: a bit for every thread that took part.
 */
export const COUNT: Routine = {
  assembly: `
    cvttsd2si r8, [rdi + 16]
    cvttsd2si r9, [rdi + 24]
    cvttsd2si r10, [rdi + 32]
    cvttsd2si r11, [rdi + 40]
    mov eax, 1
    shl rax, cl
    lock or [r11], rax
  tile:
    mov rax, r10
  turn:
    dec rax
    jg turn
    lock inc dword ptr [r8 + rsi * 4]
    lea rax, [rsi + 1]
    lock add [r9], rax
    inc rsi
    cmp rsi, rdx
    jb tile
    ret`,
  hex:
    'f24c0f2c4710f24c0f2c4f18f24c0f2c5720f24c0f2c5f28b80100000048d3e0f04909034c89d048ffc87ffb' +
    'f041ff04b0488d4601f049010148ffc64839d672e3c3',
};

/** out[t] = in[tiles - 1 - t] + 1, 32 bits. Slot 2: in; 3: out. */
export const REVERSE: Routine = {
  assembly: `
    cvttsd2si r8, [rdi + 16]
    cvttsd2si r9, [rdi + 24]
    cvttsd2si r10, [rdi + 8]
  tile:
    mov rcx, r10
    sub rcx, rsi
    mov eax, [r8 + rcx * 4 - 4]
    inc eax
    mov [r9 + rsi * 4], eax
    inc rsi
    cmp rsi, rdx
    jb tile
    ret`,
  hex: 'f24c0f2c4710f24c0f2c4f18f24c0f2c57084c89d14829f1418b4488fcffc0418904b148ffc64839d672e7c3',
};

/**
 * Faults at tiles from slot 3 on. Slot 2: the fault word; 4: the routine that raises; 5: the op.
 */
export const FAULTY: Routine = {
  assembly: `
    push rbx
    mov rbx, rdi
    mov rcx, rsi
  tile:
    cvttsd2si rax, [rbx + 24]
    cmp rcx, rax
    jl fine
    cvttsd2si rsi, [rbx + 40]
    shl rsi, 48
    or rsi, rcx
    cvttsd2si rdi, [rbx + 16]
    cvttsd2si rax, [rbx + 32]
    call rax
  fine:
    inc rcx
    cmp rcx, rdx
    jb tile
    pop rbx
    ret`,
  hex:
    '534889fb4889f1f2480f2c43184839c17c1bf2480f2c732848c1e6304809cef2480f2c7b10f2480f2c4320ff' +
    'd048ffc14839d172d25bc3',
};

/** Uses every register that it must keep, the stack, and a vector register. Slot 2: a result. */
export const GREEDY: Routine = {
  assembly: `
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    sub rsp, 200008
    mov qword ptr [rsp], 1
    vpcmpeqd ymm0, ymm0, ymm0
    vmovdqu [rsp + 64], ymm0
    mov rbx, -1
    mov rbp, rbx
    mov r12, rbx
    mov r13, rbx
    mov r14, rbx
    mov r15, rbx
    lea rax, [rsp]
    and eax, 15
    cvttsd2si r8, [rdi + 16]
    mov [r8], rax
    mov rax, [rsp + 64]
    mov [r8 + 8], rax
    add rsp, 200008
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    vzeroupper
    ret`,
  hex:
    '535541544155415641574881ec480d030048c7042401000000c5fd76c0c5fe7f44244048c7c3ffffffff4889' +
    'dd4989dc4989dd4989de4989df488d042483e00ff24c0f2c4710498900488b442440498940084881c4480d03' +
    '00415f415e415d415c5d5bc5f877c3',
};

/** Writes one byte. Slot 2: where. */
export const TOUCH: Routine = {
  assembly: `
    cvttsd2si r8, [rdi + 16]
    mov byte ptr [r8], 7
    ret`,
  hex: 'f24c0f2c471041c60007c3',
};

/** Never returns. */
export const FOREVER: Routine = {
  assembly: `
  again:
    pause
    jmp again`,
  hex: 'f390ebfc',
};

export const KERNELS: Readonly<Record<string, Routine>> = {
  COUNT,
  REVERSE,
  FAULTY,
  GREEDY,
  TOUCH,
  FOREVER,
};
