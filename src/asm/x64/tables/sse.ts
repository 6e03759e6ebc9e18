/** SSE on scalars and whole registers, for code that must not need AVX (probes, trampolines). */

export const SSE_ROWS = `
movss      x,x             f3.0f.10
movss      x,m32           f3.0f.10
movss      m32,x           f3.0f.11
movsd      x,x             f2.0f.10
movsd      x,m64           f2.0f.10
movsd      m64,x           f2.0f.11
movaps     x,x/m128        0f.28
movaps     m128,x          0f.29
movups     x,x/m128        0f.10
movups     m128,x          0f.11
movdqa     x,x/m128        66.0f.6f
movdqa     m128,x          66.0f.7f
movdqu     x,x/m128        f3.0f.6f
movdqu     m128,x          f3.0f.7f
movd       x,r32/m32       66.0f.6e
movd       r32/m32,x       66.0f.7e
movq       x,x/m64         f3.0f.7e
movq       m64,x           66.0f.d6
movq       x,r64           66.0f.6e      w1
movq       r64/m64,x       66.0f.7e      w1
addss      x,x/m32         f3.0f.58
addsd      x,x/m64         f2.0f.58
mulss      x,x/m32         f3.0f.59
mulsd      x,x/m64         f2.0f.59
subss      x,x/m32         f3.0f.5c
subsd      x,x/m64         f2.0f.5c
minss      x,x/m32         f3.0f.5d
minsd      x,x/m64         f2.0f.5d
divss      x,x/m32         f3.0f.5e
divsd      x,x/m64         f2.0f.5e
maxss      x,x/m32         f3.0f.5f
maxsd      x,x/m64         f2.0f.5f
sqrtss     x,x/m32         f3.0f.51
sqrtsd     x,x/m64         f2.0f.51
ucomiss    x,x/m32         0f.2e
ucomisd    x,x/m64         66.0f.2e
andps      x,x/m128        0f.54
andnps     x,x/m128        0f.55
orps       x,x/m128        0f.56
xorps      x,x/m128        0f.57
pxor       x,x/m128        66.0f.ef
cvtss2sd   x,x/m32         f3.0f.5a
cvtsd2ss   x,x/m64         f2.0f.5a
cvtsi2ss   x,r/m           f3.0f.2a      32.64
cvtsi2sd   x,r/m           f2.0f.2a      32.64
cvttss2si  r,x/m32         f3.0f.2c      32.64
cvttsd2si  r,x/m64         f2.0f.2c      32.64
cvtss2si   r,x/m32         f3.0f.2d      32.64
cvtsd2si   r,x/m64         f2.0f.2d      32.64
`;
