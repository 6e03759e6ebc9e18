/** Vector and scalar floats: AVX, F16C and AVX-512. `../parse-row.ts` describes the notation. */

export const VECTOR_FLOAT_ROWS = `
# arithmetic
vaddps       v,v,v/m/b32     np.0f.58     vex       evex.w0.kz.er
vaddpd       v,v,v/m/b64     66.0f.58     vex       evex.w1.kz.er
vaddss       x,x,x/m32       f3.0f.58     vex       evex.w0.kz.er
vaddsd       x,x,x/m64       f2.0f.58     vex       evex.w1.kz.er
vmulps       v,v,v/m/b32     np.0f.59     vex       evex.w0.kz.er
vmulpd       v,v,v/m/b64     66.0f.59     vex       evex.w1.kz.er
vmulss       x,x,x/m32       f3.0f.59     vex       evex.w0.kz.er
vmulsd       x,x,x/m64       f2.0f.59     vex       evex.w1.kz.er
vsubps       v,v,v/m/b32     np.0f.5c     vex       evex.w0.kz.er
vsubpd       v,v,v/m/b64     66.0f.5c     vex       evex.w1.kz.er
vsubss       x,x,x/m32       f3.0f.5c     vex       evex.w0.kz.er
vsubsd       x,x,x/m64       f2.0f.5c     vex       evex.w1.kz.er
vminps       v,v,v/m/b32     np.0f.5d     vex       evex.w0.kz.sae
vminpd       v,v,v/m/b64     66.0f.5d     vex       evex.w1.kz.sae
vminss       x,x,x/m32       f3.0f.5d     vex       evex.w0.kz.sae
vminsd       x,x,x/m64       f2.0f.5d     vex       evex.w1.kz.sae
vdivps       v,v,v/m/b32     np.0f.5e     vex       evex.w0.kz.er
vdivpd       v,v,v/m/b64     66.0f.5e     vex       evex.w1.kz.er
vdivss       x,x,x/m32       f3.0f.5e     vex       evex.w0.kz.er
vdivsd       x,x,x/m64       f2.0f.5e     vex       evex.w1.kz.er
vmaxps       v,v,v/m/b32     np.0f.5f     vex       evex.w0.kz.sae
vmaxpd       v,v,v/m/b64     66.0f.5f     vex       evex.w1.kz.sae
vmaxss       x,x,x/m32       f3.0f.5f     vex       evex.w0.kz.sae
vmaxsd       x,x,x/m64       f2.0f.5f     vex       evex.w1.kz.sae
vsqrtps      v,v/m/b32       np.0f.51     vex       evex.w0.kz.er
vsqrtpd      v,v/m/b64       66.0f.51     vex       evex.w1.kz.er
vsqrtss      x,x,x/m32       f3.0f.51     vex       evex.w0.kz.er
vsqrtsd      x,x,x/m64       f2.0f.51     vex       evex.w1.kz.er
vrcpps       v,v/m           np.0f.53     vex
vrcpss       x,x,x/m32       f3.0f.53     vex
vrsqrtps     v,v/m           np.0f.52     vex
vrsqrtss     x,x,x/m32       f3.0f.52     vex
vaddsubps    v,v,v/m         f2.0f.d0     vex
vaddsubpd    v,v,v/m         66.0f.d0     vex
vhaddps      v,v,v/m         f2.0f.7c     vex
vhaddpd      v,v,v/m         66.0f.7c     vex
vhsubps      v,v,v/m         f2.0f.7d     vex
vhsubpd      v,v,v/m         66.0f.7d     vex
vdpps        v,v,v/m,i8      66.0f3a.40   vex
vdppd        x,x,x/m128,i8   66.0f3a.41   vex
vroundps     v,v/m,i8        66.0f3a.08   vex
vroundpd     v,v/m,i8        66.0f3a.09   vex
vroundss     x,x,x/m32,i8    66.0f3a.0a   vex
vroundsd     x,x,x/m64,i8    66.0f3a.0b   vex
vrndscaleps  v,v/m/b32,i8    66.0f3a.08   evex.w0.kz.sae
vrndscalepd  v,v/m/b64,i8    66.0f3a.09   evex.w1.kz.sae
vrndscaless  x,x,x/m32,i8    66.0f3a.0a   evex.w0.kz.sae
vrndscalesd  x,x,x/m64,i8    66.0f3a.0b   evex.w1.kz.sae
vreduceps    v,v/m/b32,i8    66.0f3a.56   evex.w0.kz.sae
vreducepd    v,v/m/b64,i8    66.0f3a.56   evex.w1.kz.sae
vreducess    x,x,x/m32,i8    66.0f3a.57   evex.w0.kz.sae
vreducesd    x,x,x/m64,i8    66.0f3a.57   evex.w1.kz.sae
vrangeps     v,v,v/m/b32,i8  66.0f3a.50   evex.w0.kz.sae
vrangepd     v,v,v/m/b64,i8  66.0f3a.50   evex.w1.kz.sae
vrangess     x,x,x/m32,i8    66.0f3a.51   evex.w0.kz.sae
vrangesd     x,x,x/m64,i8    66.0f3a.51   evex.w1.kz.sae
vfixupimmps  v,v,v/m/b32,i8  66.0f3a.54   evex.w0.kz.sae
vfixupimmpd  v,v,v/m/b64,i8  66.0f3a.54   evex.w1.kz.sae
vfixupimmss  x,x,x/m32,i8    66.0f3a.55   evex.w0.kz.sae
vfixupimmsd  x,x,x/m64,i8    66.0f3a.55   evex.w1.kz.sae
vscalefps    v,v,v/m/b32     66.0f38.2c   evex.w0.kz.er
vscalefpd    v,v,v/m/b64     66.0f38.2c   evex.w1.kz.er
vscalefss    x,x,x/m32       66.0f38.2d   evex.w0.kz.er
vscalefsd    x,x,x/m64       66.0f38.2d   evex.w1.kz.er
vgetexpps    v,v/m/b32       66.0f38.42   evex.w0.kz.sae
vgetexppd    v,v/m/b64       66.0f38.42   evex.w1.kz.sae
vgetexpss    x,x,x/m32       66.0f38.43   evex.w0.kz.sae
vgetexpsd    x,x,x/m64       66.0f38.43   evex.w1.kz.sae
vgetmantps   v,v/m/b32,i8    66.0f3a.26   evex.w0.kz.sae
vgetmantpd   v,v/m/b64,i8    66.0f3a.26   evex.w1.kz.sae
vgetmantss   x,x,x/m32,i8    66.0f3a.27   evex.w0.kz.sae
vgetmantsd   x,x,x/m64,i8    66.0f3a.27   evex.w1.kz.sae
vrcp14ps     v,v/m/b32       66.0f38.4c   evex.w0.kz
vrcp14pd     v,v/m/b64       66.0f38.4c   evex.w1.kz
vrcp14ss     x,x,x/m32       66.0f38.4d   evex.w0.kz
vrcp14sd     x,x,x/m64       66.0f38.4d   evex.w1.kz
vrsqrt14ps   v,v/m/b32       66.0f38.4e   evex.w0.kz
vrsqrt14pd   v,v/m/b64       66.0f38.4e   evex.w1.kz
vrsqrt14ss   x,x,x/m32       66.0f38.4f   evex.w0.kz
vrsqrt14sd   x,x,x/m64       66.0f38.4f   evex.w1.kz

# bits
vandps       v,v,v/m/b32     np.0f.54     vex       evex.w0.kz
vandpd       v,v,v/m/b64     66.0f.54     vex       evex.w1.kz
vandnps      v,v,v/m/b32     np.0f.55     vex       evex.w0.kz
vandnpd      v,v,v/m/b64     66.0f.55     vex       evex.w1.kz
vorps        v,v,v/m/b32     np.0f.56     vex       evex.w0.kz
vorpd        v,v,v/m/b64     66.0f.56     vex       evex.w1.kz
vxorps       v,v,v/m/b32     np.0f.57     vex       evex.w0.kz
vxorpd       v,v,v/m/b64     66.0f.57     vex       evex.w1.kz

# comparisons and selection
vcmpps       v,v,v/m,i8      np.0f.c2     vex
vcmppd       v,v,v/m,i8      66.0f.c2     vex
vcmpss       x,x,x/m32,i8    f3.0f.c2     vex
vcmpsd       x,x,x/m64,i8    f2.0f.c2     vex
vcmpps       k,v,v/m/b32,i8  np.0f.c2     evex.w0.k.sae
vcmppd       k,v,v/m/b64,i8  66.0f.c2     evex.w1.k.sae
vcmpss       k,x,x/m32,i8    f3.0f.c2     evex.w0.k.sae
vcmpsd       k,x,x/m64,i8    f2.0f.c2     evex.w1.k.sae
vfpclassps   k,v/m/b32,i8    66.0f3a.66   evex.w0.k
vfpclasspd   k,v/m/b64,i8    66.0f3a.66   evex.w1.k
vfpclassss   k,x/m32,i8      66.0f3a.67   evex.w0.k
vfpclasssd   k,x/m64,i8      66.0f3a.67   evex.w1.k
vucomiss     x,x/m32         np.0f.2e     vex       evex.w0.sae
vucomisd     x,x/m64         66.0f.2e     vex       evex.w1.sae
vcomiss      x,x/m32         np.0f.2f     vex       evex.w0.sae
vcomisd      x,x/m64         66.0f.2f     vex       evex.w1.sae
vtestps      v,v/m           66.0f38.0e   vex.w0
vtestpd      v,v/m           66.0f38.0f   vex.w0
vblendps     v,v,v/m,i8      66.0f3a.0c   vex
vblendpd     v,v,v/m,i8      66.0f3a.0d   vex
vblendvps    v,v,v/m,v       66.0f3a.4a   vex.w0
vblendvpd    v,v,v/m,v       66.0f3a.4b   vex.w0
vblendmps    v,v,v/m/b32     66.0f38.65   evex.w0.kz
vblendmpd    v,v,v/m/b64     66.0f38.65   evex.w1.kz

# moves
vmovaps      v,v/m           np.0f.28     vex.rev29  evex.w0.kz
vmovaps      m,v             np.0f.29     vex       evex.w0.k
vmovapd      v,v/m           66.0f.28     vex.rev29  evex.w1.kz
vmovapd      m,v             66.0f.29     vex       evex.w1.k
vmovups      v,v/m           np.0f.10     vex.rev11  evex.w0.kz
vmovups      m,v             np.0f.11     vex       evex.w0.k
vmovupd      v,v/m           66.0f.10     vex.rev11  evex.w1.kz
vmovupd      m,v             66.0f.11     vex       evex.w1.k
vmovss       x,x,x           f3.0f.10     vex.rev11  evex.w0.kz
vmovss       x,m32           f3.0f.10     vex       evex.w0.kz
vmovss       m32,x           f3.0f.11     vex       evex.w0.k
vmovsd       x,x,x           f2.0f.10     vex.rev11  evex.w1.kz
vmovsd       x,m64           f2.0f.10     vex       evex.w1.kz
vmovsd       m64,x           f2.0f.11     vex       evex.w1.k
vmovntps     m,v             np.0f.2b     vex       evex.w0
vmovntpd     m,v             66.0f.2b     vex       evex.w1
vmovhlps     x,x,x           np.0f.12     vex       evex.w0
vmovlhps     x,x,x           np.0f.16     vex       evex.w0
vmovlps      x,x,m64         np.0f.12     vex       evex.w0
vmovlps      m64,x           np.0f.13     vex       evex.w0
vmovlpd      x,x,m64         66.0f.12     vex       evex.w1
vmovlpd      m64,x           66.0f.13     vex       evex.w1
vmovhps      x,x,m64         np.0f.16     vex       evex.w0
vmovhps      m64,x           np.0f.17     vex       evex.w0
vmovhpd      x,x,m64         66.0f.16     vex       evex.w1
vmovhpd      m64,x           66.0f.17     vex       evex.w1
vmovmskps    r32,v           np.0f.50     vex
vmovmskpd    r32,v           66.0f.50     vex
vmaskmovps   v,v,m           66.0f38.2c   vex.w0
vmaskmovps   m,v,v           66.0f38.2e   vex.w0
vmaskmovpd   v,v,m           66.0f38.2d   vex.w0
vmaskmovpd   m,v,v           66.0f38.2f   vex.w0
vldmxcsr     m32             np.0f.ae/2   vex
vstmxcsr     m32             np.0f.ae/3   vex
vzeroupper   -               np.0f.77     vex
vzeroall     -               np.0f.77     vex.l1

# broadcasts and shuffles
vbroadcastss     x,x/m32     66.0f38.18   vex.w0    evex.w0.kz
vbroadcastss     y,x/m32     66.0f38.18   vex.w0    evex.w0.kz
vbroadcastss     z,x/m32     66.0f38.18   evex.w0.kz
vbroadcastsd     y,x/m64     66.0f38.19   vex.w0    evex.w1.kz
vbroadcastsd     z,x/m64     66.0f38.19   evex.w1.kz
vbroadcastf128   y,m128      66.0f38.1a   vex.w0
vbroadcastf32x2  y,x/m64     66.0f38.19   evex.w0.kz
vbroadcastf32x2  z,x/m64     66.0f38.19   evex.w0.kz
vbroadcastf32x4  y,m128      66.0f38.1a   evex.w0.kz
vbroadcastf32x4  z,m128      66.0f38.1a   evex.w0.kz
vbroadcastf64x2  y,m128      66.0f38.1a   evex.w1.kz
vbroadcastf64x2  z,m128      66.0f38.1a   evex.w1.kz
vbroadcastf32x8  z,m256      66.0f38.1b   evex.w0.kz
vbroadcastf64x4  z,m256      66.0f38.1b   evex.w1.kz
vinsertf128      y,y,x/m128,i8  66.0f3a.18  vex.w0
vextractf128     x/m128,y,i8    66.0f3a.19  vex.w0
vperm2f128       y,y,y/m256,i8  66.0f3a.06  vex.w0
vinsertf32x4     y,y,x/m128,i8  66.0f3a.18  evex.w0.kz
vinsertf32x4     z,z,x/m128,i8  66.0f3a.18  evex.w0.kz
vinsertf64x2     y,y,x/m128,i8  66.0f3a.18  evex.w1.kz
vinsertf64x2     z,z,x/m128,i8  66.0f3a.18  evex.w1.kz
vinsertf32x8     z,z,y/m256,i8  66.0f3a.1a  evex.w0.kz
vinsertf64x4     z,z,y/m256,i8  66.0f3a.1a  evex.w1.kz
vextractf32x4    x/m128,y,i8    66.0f3a.19  evex.w0.kz
vextractf32x4    x/m128,z,i8    66.0f3a.19  evex.w0.kz
vextractf64x2    x/m128,y,i8    66.0f3a.19  evex.w1.kz
vextractf64x2    x/m128,z,i8    66.0f3a.19  evex.w1.kz
vextractf32x8    y/m256,z,i8    66.0f3a.1b  evex.w0.kz
vextractf64x4    y/m256,z,i8    66.0f3a.1b  evex.w1.kz
vshuff32x4   v,v,v/m/b32,i8  66.0f3a.23   evex.w0.kz.256.512
vshuff64x2   v,v,v/m/b64,i8  66.0f3a.23   evex.w1.kz.256.512
vshufps      v,v,v/m/b32,i8  np.0f.c6     vex       evex.w0.kz
vshufpd      v,v,v/m/b64,i8  66.0f.c6     vex       evex.w1.kz
vunpcklps    v,v,v/m/b32     np.0f.14     vex       evex.w0.kz
vunpcklpd    v,v,v/m/b64     66.0f.14     vex       evex.w1.kz
vunpckhps    v,v,v/m/b32     np.0f.15     vex       evex.w0.kz
vunpckhpd    v,v,v/m/b64     66.0f.15     vex       evex.w1.kz
vmovsldup    v,v/m           f3.0f.12     vex       evex.w0.kz
vmovshdup    v,v/m           f3.0f.16     vex       evex.w0.kz
vmovddup     x,x/m64         f2.0f.12     vex       evex.w1.kz
vmovddup     y,y/m256        f2.0f.12     vex       evex.w1.kz
vmovddup     z,z/m512        f2.0f.12     evex.w1.kz
vpermilps    v,v,v/m/b32     66.0f38.0c   vex.w0    evex.w0.kz
vpermilps    v,v/m/b32,i8    66.0f3a.04   vex.w0    evex.w0.kz
vpermilpd    v,v,v/m/b64     66.0f38.0d   vex.w0    evex.w1.kz
vpermilpd    v,v/m/b64,i8    66.0f3a.05   vex.w0    evex.w1.kz
vpermps      v,v,v/m/b32     66.0f38.16   vex.w0.256  evex.w0.kz.256.512
vpermpd      v,v/m/b64,i8    66.0f3a.01   vex.w1.256  evex.w1.kz.256.512
vpermpd      v,v,v/m/b64     66.0f38.16   evex.w1.kz.256.512
vpermi2ps    v,v,v/m/b32     66.0f38.77   evex.w0.kz
vpermi2pd    v,v,v/m/b64     66.0f38.77   evex.w1.kz
vpermt2ps    v,v,v/m/b32     66.0f38.7f   evex.w0.kz
vpermt2pd    v,v,v/m/b64     66.0f38.7f   evex.w1.kz
vinsertps    x,x,x/m32,i8    66.0f3a.21   vex       evex.w0
vextractps   r32/m32,x,i8    66.0f3a.17   vex       evex.w0
vexpandps    v,v/m           66.0f38.88   evex.w0.kz.n32
vexpandpd    v,v/m           66.0f38.88   evex.w1.kz.n64
vcompressps  v/m,v           66.0f38.8a   evex.w0.kz.n32
vcompresspd  v/m,v           66.0f38.8a   evex.w1.kz.n64

# gathers and scatters: the index vector is in the address, and a mask is required
vgatherdps   v,gv32,v        66.0f38.92   vex.w0
vgatherdpd   v,gh64,v        66.0f38.92   vex.w1
vgatherqps   h,gv32,h        66.0f38.93   vex.w0
vgatherqpd   v,gv64,v        66.0f38.93   vex.w1
vgatherdps   v,gv32          66.0f38.92   evex.w0.mask
vgatherdpd   v,gh64          66.0f38.92   evex.w1.mask
vgatherqps   h,gv32          66.0f38.93   evex.w0.mask
vgatherqpd   v,gv64          66.0f38.93   evex.w1.mask
vscatterdps  gv32,v          66.0f38.a2   evex.w0.mask
vscatterdpd  gh64,v          66.0f38.a2   evex.w1.mask
vscatterqps  gv32,h          66.0f38.a3   evex.w0.mask
vscatterqpd  gv64,v          66.0f38.a3   evex.w1.mask
`;
