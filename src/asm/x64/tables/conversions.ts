/** Conversions between element types: AVX, F16C, AVX-512. `../parse-row.ts` has the notation. */

export const CONVERSION_ROWS = `
# scalars and general registers
vcvtss2sd    x,x,x/m32       f3.0f.5a     vex       evex.w0.kz.sae
vcvtsd2ss    x,x,x/m64       f2.0f.5a     vex       evex.w1.kz.er
vcvtsi2ss    x,x,r32/m32     f3.0f.2a     vex.w0    evex.w0.er
vcvtsi2ss    x,x,r64/m64     f3.0f.2a     vex.w1    evex.w1.er
vcvtsi2sd    x,x,r32/m32     f2.0f.2a     vex.w0    evex.w0
vcvtsi2sd    x,x,r64/m64     f2.0f.2a     vex.w1    evex.w1.er
vcvtusi2ss   x,x,r32/m32     f3.0f.7b     evex.w0.er
vcvtusi2ss   x,x,r64/m64     f3.0f.7b     evex.w1.er
vcvtusi2sd   x,x,r32/m32     f2.0f.7b     evex.w0
vcvtusi2sd   x,x,r64/m64     f2.0f.7b     evex.w1.er
vcvtss2si    r,x/m32         f3.0f.2d     vex       evex.er
vcvtsd2si    r,x/m64         f2.0f.2d     vex       evex.er
vcvttss2si   r,x/m32         f3.0f.2c     vex       evex.sae
vcvttsd2si   r,x/m64         f2.0f.2c     vex       evex.sae
vcvtss2usi   r,x/m32         f3.0f.79     evex.er
vcvtsd2usi   r,x/m64         f2.0f.79     evex.er
vcvttss2usi  r,x/m32         f3.0f.78     evex.sae
vcvttsd2usi  r,x/m64         f2.0f.78     evex.sae

# between float sizes
vcvtps2pd    v,h/m/b32       np.0f.5a     vex       evex.w0.kz.sae
vcvtpd2ps    h,v/m/b64       66.0f.5a     vex       evex.w1.kz.er
vcvtph2ps    v,h/m           66.0f38.13   vex.w0    evex.w0.kz.sae
vcvtps2ph    h/m,v,i8        66.0f3a.1d   vex.w0    evex.w0.kz.sae

# 32-bit integers
vcvtdq2ps    v,v/m/b32       np.0f.5b     vex       evex.w0.kz.er
vcvtps2dq    v,v/m/b32       66.0f.5b     vex       evex.w0.kz.er
vcvttps2dq   v,v/m/b32       f3.0f.5b     vex       evex.w0.kz.sae
vcvtdq2pd    v,h/m/b32       f3.0f.e6     vex       evex.w0.kz
vcvtpd2dq    h,v/m/b64       f2.0f.e6     vex       evex.w1.kz.er
vcvttpd2dq   h,v/m/b64       66.0f.e6     vex       evex.w1.kz.sae
vcvtudq2ps   v,v/m/b32       f2.0f.7a     evex.w0.kz.er
vcvtudq2pd   v,h/m/b32       f3.0f.7a     evex.w0.kz
vcvtps2udq   v,v/m/b32       np.0f.79     evex.w0.kz.er
vcvttps2udq  v,v/m/b32       np.0f.78     evex.w0.kz.sae
vcvtpd2udq   h,v/m/b64       np.0f.79     evex.w1.kz.er
vcvttpd2udq  h,v/m/b64       np.0f.78     evex.w1.kz.sae

# 64-bit integers
vcvtqq2ps    h,v/m/b64       np.0f.5b     evex.w1.kz.er
vcvtqq2pd    v,v/m/b64       f3.0f.e6     evex.w1.kz.er
vcvtuqq2ps   h,v/m/b64       f2.0f.7a     evex.w1.kz.er
vcvtuqq2pd   v,v/m/b64       f3.0f.7a     evex.w1.kz.er
vcvtps2qq    v,h/m/b32       66.0f.7b     evex.w0.kz.er
vcvttps2qq   v,h/m/b32       66.0f.7a     evex.w0.kz.sae
vcvtpd2qq    v,v/m/b64       66.0f.7b     evex.w1.kz.er
vcvttpd2qq   v,v/m/b64       66.0f.7a     evex.w1.kz.sae
vcvtps2uqq   v,h/m/b32       66.0f.79     evex.w0.kz.er
vcvttps2uqq  v,h/m/b32       66.0f.78     evex.w0.kz.sae
vcvtpd2uqq   v,v/m/b64       66.0f.79     evex.w1.kz.er
vcvttpd2uqq  v,v/m/b64       66.0f.78     evex.w1.kz.sae

# integers to wider ones
vpmovsxbw    v,h/m           66.0f38.20   vex       evex.w0.kz
vpmovsxbd    v,q/m           66.0f38.21   vex       evex.w0.kz
vpmovsxbq    v,e/m           66.0f38.22   vex       evex.w0.kz
vpmovsxwd    v,h/m           66.0f38.23   vex       evex.w0.kz
vpmovsxwq    v,q/m           66.0f38.24   vex       evex.w0.kz
vpmovsxdq    v,h/m           66.0f38.25   vex       evex.w0.kz
vpmovzxbw    v,h/m           66.0f38.30   vex       evex.w0.kz
vpmovzxbd    v,q/m           66.0f38.31   vex       evex.w0.kz
vpmovzxbq    v,e/m           66.0f38.32   vex       evex.w0.kz
vpmovzxwd    v,h/m           66.0f38.33   vex       evex.w0.kz
vpmovzxwq    v,q/m           66.0f38.34   vex       evex.w0.kz
vpmovzxdq    v,h/m           66.0f38.35   vex       evex.w0.kz

# integers to narrower ones: truncated, saturated, saturated unsigned
vpmovwb      h/m,v           f3.0f38.30   evex.w0.kz
vpmovdb      q/m,v           f3.0f38.31   evex.w0.kz
vpmovqb      e/m,v           f3.0f38.32   evex.w0.kz
vpmovdw      h/m,v           f3.0f38.33   evex.w0.kz
vpmovqw      q/m,v           f3.0f38.34   evex.w0.kz
vpmovqd      h/m,v           f3.0f38.35   evex.w0.kz
vpmovswb     h/m,v           f3.0f38.20   evex.w0.kz
vpmovsdb     q/m,v           f3.0f38.21   evex.w0.kz
vpmovsqb     e/m,v           f3.0f38.22   evex.w0.kz
vpmovsdw     h/m,v           f3.0f38.23   evex.w0.kz
vpmovsqw     q/m,v           f3.0f38.24   evex.w0.kz
vpmovsqd     h/m,v           f3.0f38.25   evex.w0.kz
vpmovuswb    h/m,v           f3.0f38.10   evex.w0.kz
vpmovusdb    q/m,v           f3.0f38.11   evex.w0.kz
vpmovusqb    e/m,v           f3.0f38.12   evex.w0.kz
vpmovusdw    h/m,v           f3.0f38.13   evex.w0.kz
vpmovusqw    q/m,v           f3.0f38.14   evex.w0.kz
vpmovusqd    h/m,v           f3.0f38.15   evex.w0.kz
vpacksswb    v,v,v/m         66.0f.63     vex       evex.w0.kz
vpackuswb    v,v,v/m         66.0f.67     vex       evex.w0.kz
vpackssdw    v,v,v/m/b32     66.0f.6b     vex       evex.w0.kz
vpackusdw    v,v,v/m/b32     66.0f38.2b   vex       evex.w0.kz
`;
