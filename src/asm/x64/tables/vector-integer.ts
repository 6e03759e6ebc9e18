/** Vectors of integers: AVX, AVX2 and AVX-512. `../parse-row.ts` describes the notation. */

export const VECTOR_INTEGER_ROWS = `
# arithmetic
vpaddb       v,v,v/m         66.0f.fc     vex       evex.w0.kz
vpaddw       v,v,v/m         66.0f.fd     vex       evex.w0.kz
vpaddd       v,v,v/m/b32     66.0f.fe     vex       evex.w0.kz
vpaddq       v,v,v/m/b64     66.0f.d4     vex       evex.w1.kz
vpsubb       v,v,v/m         66.0f.f8     vex       evex.w0.kz
vpsubw       v,v,v/m         66.0f.f9     vex       evex.w0.kz
vpsubd       v,v,v/m/b32     66.0f.fa     vex       evex.w0.kz
vpsubq       v,v,v/m/b64     66.0f.fb     vex       evex.w1.kz
vpaddsb      v,v,v/m         66.0f.ec     vex       evex.w0.kz
vpaddsw      v,v,v/m         66.0f.ed     vex       evex.w0.kz
vpaddusb     v,v,v/m         66.0f.dc     vex       evex.w0.kz
vpaddusw     v,v,v/m         66.0f.dd     vex       evex.w0.kz
vpsubsb      v,v,v/m         66.0f.e8     vex       evex.w0.kz
vpsubsw      v,v,v/m         66.0f.e9     vex       evex.w0.kz
vpsubusb     v,v,v/m         66.0f.d8     vex       evex.w0.kz
vpsubusw     v,v,v/m         66.0f.d9     vex       evex.w0.kz
vpmullw      v,v,v/m         66.0f.d5     vex       evex.w0.kz
vpmulhw      v,v,v/m         66.0f.e5     vex       evex.w0.kz
vpmulhuw     v,v,v/m         66.0f.e4     vex       evex.w0.kz
vpmulhrsw    v,v,v/m         66.0f38.0b   vex       evex.w0.kz
vpmulld      v,v,v/m/b32     66.0f38.40   vex       evex.w0.kz
vpmullq      v,v,v/m/b64     66.0f38.40   evex.w1.kz
vpmuldq      v,v,v/m/b64     66.0f38.28   vex       evex.w1.kz
vpmuludq     v,v,v/m/b64     66.0f.f4     vex       evex.w1.kz
vpmaddwd     v,v,v/m         66.0f.f5     vex       evex.w0.kz
vpmaddubsw   v,v,v/m         66.0f38.04   vex       evex.w0.kz
vpsadbw      v,v,v/m         66.0f.f6     vex       evex.w0
vpavgb       v,v,v/m         66.0f.e0     vex       evex.w0.kz
vpavgw       v,v,v/m         66.0f.e3     vex       evex.w0.kz
vpabsb       v,v/m           66.0f38.1c   vex       evex.w0.kz
vpabsw       v,v/m           66.0f38.1d   vex       evex.w0.kz
vpabsd       v,v/m/b32       66.0f38.1e   vex       evex.w0.kz
vpabsq       v,v/m/b64       66.0f38.1f   evex.w1.kz
vpsignb      v,v,v/m         66.0f38.08   vex
vpsignw      v,v,v/m         66.0f38.09   vex
vpsignd      v,v,v/m         66.0f38.0a   vex
vphaddw      v,v,v/m         66.0f38.01   vex
vphaddd      v,v,v/m         66.0f38.02   vex
vphaddsw     v,v,v/m         66.0f38.03   vex
vphsubw      v,v,v/m         66.0f38.05   vex
vphsubd      v,v,v/m         66.0f38.06   vex
vphsubsw     v,v,v/m         66.0f38.07   vex
vmpsadbw     v,v,v/m,i8      66.0f3a.42   vex
vphminposuw  x,x/m128        66.0f38.41   vex
vpmaxsb      v,v,v/m         66.0f38.3c   vex       evex.w0.kz
vpmaxsw      v,v,v/m         66.0f.ee     vex       evex.w0.kz
vpmaxsd      v,v,v/m/b32     66.0f38.3d   vex       evex.w0.kz
vpmaxsq      v,v,v/m/b64     66.0f38.3d   evex.w1.kz
vpmaxub      v,v,v/m         66.0f.de     vex       evex.w0.kz
vpmaxuw      v,v,v/m         66.0f38.3e   vex       evex.w0.kz
vpmaxud      v,v,v/m/b32     66.0f38.3f   vex       evex.w0.kz
vpmaxuq      v,v,v/m/b64     66.0f38.3f   evex.w1.kz
vpminsb      v,v,v/m         66.0f38.38   vex       evex.w0.kz
vpminsw      v,v,v/m         66.0f.ea     vex       evex.w0.kz
vpminsd      v,v,v/m/b32     66.0f38.39   vex       evex.w0.kz
vpminsq      v,v,v/m/b64     66.0f38.39   evex.w1.kz
vpminub      v,v,v/m         66.0f.da     vex       evex.w0.kz
vpminuw      v,v,v/m         66.0f38.3a   vex       evex.w0.kz
vpminud      v,v,v/m/b32     66.0f38.3b   vex       evex.w0.kz
vpminuq      v,v,v/m/b64     66.0f38.3b   evex.w1.kz
vplzcntd     v,v/m/b32       66.0f38.44   evex.w0.kz
vplzcntq     v,v/m/b64       66.0f38.44   evex.w1.kz
vpconflictd  v,v/m/b32       66.0f38.c4   evex.w0.kz
vpconflictq  v,v/m/b64       66.0f38.c4   evex.w1.kz

# bits and shifts
vpand        v,v,v/m         66.0f.db     vex
vpandn       v,v,v/m         66.0f.df     vex
vpor         v,v,v/m         66.0f.eb     vex
vpxor        v,v,v/m         66.0f.ef     vex
vpandd       v,v,v/m/b32     66.0f.db     evex.w0.kz
vpandq       v,v,v/m/b64     66.0f.db     evex.w1.kz
vpandnd      v,v,v/m/b32     66.0f.df     evex.w0.kz
vpandnq      v,v,v/m/b64     66.0f.df     evex.w1.kz
vpord        v,v,v/m/b32     66.0f.eb     evex.w0.kz
vporq        v,v,v/m/b64     66.0f.eb     evex.w1.kz
vpxord       v,v,v/m/b32     66.0f.ef     evex.w0.kz
vpxorq       v,v,v/m/b64     66.0f.ef     evex.w1.kz
vpternlogd   v,v,v/m/b32,i8  66.0f3a.25   evex.w0.kz
vpternlogq   v,v,v/m/b64,i8  66.0f3a.25   evex.w1.kz
vpsllw       v,v,x/m128      66.0f.f1     vex       evex.w0.kz
vpsllw       v,v,i8          66.0f.71/6   vex
vpsllw       v,v/m,i8        66.0f.71/6   evex.w0.kz
vpslld       v,v,x/m128      66.0f.f2     vex       evex.w0.kz
vpslld       v,v,i8          66.0f.72/6   vex
vpslld       v,v/m/b32,i8    66.0f.72/6   evex.w0.kz
vpsllq       v,v,x/m128      66.0f.f3     vex       evex.w1.kz
vpsllq       v,v,i8          66.0f.73/6   vex
vpsllq       v,v/m/b64,i8    66.0f.73/6   evex.w1.kz
vpsrlw       v,v,x/m128      66.0f.d1     vex       evex.w0.kz
vpsrlw       v,v,i8          66.0f.71/2   vex
vpsrlw       v,v/m,i8        66.0f.71/2   evex.w0.kz
vpsrld       v,v,x/m128      66.0f.d2     vex       evex.w0.kz
vpsrld       v,v,i8          66.0f.72/2   vex
vpsrld       v,v/m/b32,i8    66.0f.72/2   evex.w0.kz
vpsrlq       v,v,x/m128      66.0f.d3     vex       evex.w1.kz
vpsrlq       v,v,i8          66.0f.73/2   vex
vpsrlq       v,v/m/b64,i8    66.0f.73/2   evex.w1.kz
vpsraw       v,v,x/m128      66.0f.e1     vex       evex.w0.kz
vpsraw       v,v,i8          66.0f.71/4   vex
vpsraw       v,v/m,i8        66.0f.71/4   evex.w0.kz
vpsrad       v,v,x/m128      66.0f.e2     vex       evex.w0.kz
vpsrad       v,v,i8          66.0f.72/4   vex
vpsrad       v,v/m/b32,i8    66.0f.72/4   evex.w0.kz
vpsraq       v,v,x/m128      66.0f.e2     evex.w1.kz
vpsraq       v,v/m/b64,i8    66.0f.72/4   evex.w1.kz
vpslldq      v,v,i8          66.0f.73/7   vex
vpslldq      v,v/m,i8        66.0f.73/7   evex.w0
vpsrldq      v,v,i8          66.0f.73/3   vex
vpsrldq      v,v/m,i8        66.0f.73/3   evex.w0
vpsllvd      v,v,v/m/b32     66.0f38.47   vex.w0    evex.w0.kz
vpsllvq      v,v,v/m/b64     66.0f38.47   vex.w1    evex.w1.kz
vpsllvw      v,v,v/m         66.0f38.12   evex.w1.kz
vpsrlvd      v,v,v/m/b32     66.0f38.45   vex.w0    evex.w0.kz
vpsrlvq      v,v,v/m/b64     66.0f38.45   vex.w1    evex.w1.kz
vpsrlvw      v,v,v/m         66.0f38.10   evex.w1.kz
vpsravd      v,v,v/m/b32     66.0f38.46   vex.w0    evex.w0.kz
vpsravq      v,v,v/m/b64     66.0f38.46   evex.w1.kz
vpsravw      v,v,v/m         66.0f38.11   evex.w1.kz
vprold       v,v/m/b32,i8    66.0f.72/1   evex.w0.kz
vprolq       v,v/m/b64,i8    66.0f.72/1   evex.w1.kz
vprord       v,v/m/b32,i8    66.0f.72/0   evex.w0.kz
vprorq       v,v/m/b64,i8    66.0f.72/0   evex.w1.kz
vprolvd      v,v,v/m/b32     66.0f38.15   evex.w0.kz
vprolvq      v,v,v/m/b64     66.0f38.15   evex.w1.kz
vprorvd      v,v,v/m/b32     66.0f38.14   evex.w0.kz
vprorvq      v,v,v/m/b64     66.0f38.14   evex.w1.kz

# comparisons and selection
vpcmpeqb     v,v,v/m         66.0f.74     vex
vpcmpeqw     v,v,v/m         66.0f.75     vex
vpcmpeqd     v,v,v/m         66.0f.76     vex
vpcmpeqq     v,v,v/m         66.0f38.29   vex
vpcmpgtb     v,v,v/m         66.0f.64     vex
vpcmpgtw     v,v,v/m         66.0f.65     vex
vpcmpgtd     v,v,v/m         66.0f.66     vex
vpcmpgtq     v,v,v/m         66.0f38.37   vex
vpcmpeqb     k,v,v/m         66.0f.74     evex.w0.k
vpcmpeqw     k,v,v/m         66.0f.75     evex.w0.k
vpcmpeqd     k,v,v/m/b32     66.0f.76     evex.w0.k
vpcmpeqq     k,v,v/m/b64     66.0f38.29   evex.w1.k
vpcmpgtb     k,v,v/m         66.0f.64     evex.w0.k
vpcmpgtw     k,v,v/m         66.0f.65     evex.w0.k
vpcmpgtd     k,v,v/m/b32     66.0f.66     evex.w0.k
vpcmpgtq     k,v,v/m/b64     66.0f38.37   evex.w1.k
vpcmpb       k,v,v/m,i8      66.0f3a.3f   evex.w0.k
vpcmpw       k,v,v/m,i8      66.0f3a.3f   evex.w1.k
vpcmpd       k,v,v/m/b32,i8  66.0f3a.1f   evex.w0.k
vpcmpq       k,v,v/m/b64,i8  66.0f3a.1f   evex.w1.k
vpcmpub      k,v,v/m,i8      66.0f3a.3e   evex.w0.k
vpcmpuw      k,v,v/m,i8      66.0f3a.3e   evex.w1.k
vpcmpud      k,v,v/m/b32,i8  66.0f3a.1e   evex.w0.k
vpcmpuq      k,v,v/m/b64,i8  66.0f3a.1e   evex.w1.k
vptest       v,v/m           66.0f38.17   vex
vptestmb     k,v,v/m         66.0f38.26   evex.w0.k
vptestmw     k,v,v/m         66.0f38.26   evex.w1.k
vptestmd     k,v,v/m/b32     66.0f38.27   evex.w0.k
vptestmq     k,v,v/m/b64     66.0f38.27   evex.w1.k
vptestnmb    k,v,v/m         f3.0f38.26   evex.w0.k
vptestnmw    k,v,v/m         f3.0f38.26   evex.w1.k
vptestnmd    k,v,v/m/b32     f3.0f38.27   evex.w0.k
vptestnmq    k,v,v/m/b64     f3.0f38.27   evex.w1.k
vpblendw     v,v,v/m,i8      66.0f3a.0e   vex
vpblendd     v,v,v/m,i8      66.0f3a.02   vex.w0
vpblendvb    v,v,v/m,v       66.0f3a.4c   vex.w0
vpblendmb    v,v,v/m         66.0f38.66   evex.w0.kz
vpblendmw    v,v,v/m         66.0f38.66   evex.w1.kz
vpblendmd    v,v,v/m/b32     66.0f38.64   evex.w0.kz
vpblendmq    v,v,v/m/b64     66.0f38.64   evex.w1.kz
vpmovmskb    r32,v           66.0f.d7     vex

# moves
vmovdqa      v,v/m           66.0f.6f     vex.rev7f
vmovdqa      m,v             66.0f.7f     vex
vmovdqu      v,v/m           f3.0f.6f     vex.rev7f
vmovdqu      m,v             f3.0f.7f     vex
vmovdqa32    v,v/m           66.0f.6f     evex.w0.kz
vmovdqa32    m,v             66.0f.7f     evex.w0.k
vmovdqa64    v,v/m           66.0f.6f     evex.w1.kz
vmovdqa64    m,v             66.0f.7f     evex.w1.k
vmovdqu8     v,v/m           f2.0f.6f     evex.w0.kz
vmovdqu8     m,v             f2.0f.7f     evex.w0.k
vmovdqu16    v,v/m           f2.0f.6f     evex.w1.kz
vmovdqu16    m,v             f2.0f.7f     evex.w1.k
vmovdqu32    v,v/m           f3.0f.6f     evex.w0.kz
vmovdqu32    m,v             f3.0f.7f     evex.w0.k
vmovdqu64    v,v/m           f3.0f.6f     evex.w1.kz
vmovdqu64    m,v             f3.0f.7f     evex.w1.k
vmovntdq     m,v             66.0f.e7     vex       evex.w0
vmovntdqa    v,m             66.0f38.2a   vex       evex.w0
vlddqu       v,m             f2.0f.f0     vex
vmovd        x,r32/m32       66.0f.6e     vex.w0    evex.w0
vmovd        r32/m32,x       66.0f.7e     vex.w0    evex.w0
vmovq        x,x             f3.0f.7e     vex.rev66d6  evex.w1
vmovq        x,m64           f3.0f.7e     vex
vmovq        m64,x           66.0f.d6     vex
vmovq        x,r64/m64       66.0f.6e     vex.w1    evex.w1
vmovq        r64/m64,x       66.0f.7e     vex.w1    evex.w1
vpmaskmovd   v,v,m           66.0f38.8c   vex.w0
vpmaskmovd   m,v,v           66.0f38.8e   vex.w0
vpmaskmovq   v,v,m           66.0f38.8c   vex.w1
vpmaskmovq   m,v,v           66.0f38.8e   vex.w1
vpinsrb      x,x,r32/m8,i8   66.0f3a.20   vex       evex.w0
vpinsrw      x,x,r32/m16,i8  66.0f.c4     vex       evex.w0
vpinsrd      x,x,r32/m32,i8  66.0f3a.22   vex.w0    evex.w0
vpinsrq      x,x,r64/m64,i8  66.0f3a.22   vex.w1    evex.w1
vpextrb      r32/m8,x,i8     66.0f3a.14   vex       evex.w0
vpextrw      r32,x,i8        66.0f.c5     vex       evex.w0
vpextrw      m16,x,i8        66.0f3a.15   vex       evex.w0
vpextrd      r32/m32,x,i8    66.0f3a.16   vex.w0    evex.w0
vpextrq      r64/m64,x,i8    66.0f3a.16   vex.w1    evex.w1
vpexpandd    v,v/m           66.0f38.89   evex.w0.kz.n32
vpexpandq    v,v/m           66.0f38.89   evex.w1.kz.n64
vpcompressd  v/m,v           66.0f38.8b   evex.w0.kz.n32
vpcompressq  v/m,v           66.0f38.8b   evex.w1.kz.n64

# broadcasts and shuffles
vpbroadcastb v,x/m8          66.0f38.78   vex.w0    evex.w0.kz
vpbroadcastw v,x/m16         66.0f38.79   vex.w0    evex.w0.kz
vpbroadcastd v,x/m32         66.0f38.58   vex.w0    evex.w0.kz
vpbroadcastq v,x/m64         66.0f38.59   vex.w0    evex.w1.kz
vpbroadcastb v,r32           66.0f38.7a   evex.w0.kz
vpbroadcastw v,r32           66.0f38.7b   evex.w0.kz
vpbroadcastd v,r32           66.0f38.7c   evex.w0.kz
vpbroadcastq v,r64           66.0f38.7c   evex.w1.kz
vbroadcasti128   y,m128      66.0f38.5a   vex.w0
vbroadcasti32x2  v,x/m64     66.0f38.59   evex.w0.kz
vbroadcasti32x4  y,m128      66.0f38.5a   evex.w0.kz
vbroadcasti32x4  z,m128      66.0f38.5a   evex.w0.kz
vbroadcasti64x2  y,m128      66.0f38.5a   evex.w1.kz
vbroadcasti64x2  z,m128      66.0f38.5a   evex.w1.kz
vbroadcasti32x8  z,m256      66.0f38.5b   evex.w0.kz
vbroadcasti64x4  z,m256      66.0f38.5b   evex.w1.kz
vinserti128      y,y,x/m128,i8  66.0f3a.38  vex.w0
vextracti128     x/m128,y,i8    66.0f3a.39  vex.w0
vperm2i128       y,y,y/m256,i8  66.0f3a.46  vex.w0
vinserti32x4     y,y,x/m128,i8  66.0f3a.38  evex.w0.kz
vinserti32x4     z,z,x/m128,i8  66.0f3a.38  evex.w0.kz
vinserti64x2     y,y,x/m128,i8  66.0f3a.38  evex.w1.kz
vinserti64x2     z,z,x/m128,i8  66.0f3a.38  evex.w1.kz
vinserti32x8     z,z,y/m256,i8  66.0f3a.3a  evex.w0.kz
vinserti64x4     z,z,y/m256,i8  66.0f3a.3a  evex.w1.kz
vextracti32x4    x/m128,y,i8    66.0f3a.39  evex.w0.kz
vextracti32x4    x/m128,z,i8    66.0f3a.39  evex.w0.kz
vextracti64x2    x/m128,y,i8    66.0f3a.39  evex.w1.kz
vextracti64x2    x/m128,z,i8    66.0f3a.39  evex.w1.kz
vextracti32x8    y/m256,z,i8    66.0f3a.3b  evex.w0.kz
vextracti64x4    y/m256,z,i8    66.0f3a.3b  evex.w1.kz
vshufi32x4   v,v,v/m/b32,i8  66.0f3a.43   evex.w0.kz.256.512
vshufi64x2   v,v,v/m/b64,i8  66.0f3a.43   evex.w1.kz.256.512
vpshufb      v,v,v/m         66.0f38.00   vex       evex.w0.kz
vpshufd      v,v/m/b32,i8    66.0f.70     vex       evex.w0.kz
vpshufhw     v,v/m,i8        f3.0f.70     vex       evex.w0.kz
vpshuflw     v,v/m,i8        f2.0f.70     vex       evex.w0.kz
vpalignr     v,v,v/m,i8      66.0f3a.0f   vex       evex.w0.kz
valignd      v,v,v/m/b32,i8  66.0f3a.03   evex.w0.kz
valignq      v,v,v/m/b64,i8  66.0f3a.03   evex.w1.kz
vpunpcklbw   v,v,v/m         66.0f.60     vex       evex.w0.kz
vpunpcklwd   v,v,v/m         66.0f.61     vex       evex.w0.kz
vpunpckldq   v,v,v/m/b32     66.0f.62     vex       evex.w0.kz
vpunpcklqdq  v,v,v/m/b64     66.0f.6c     vex       evex.w1.kz
vpunpckhbw   v,v,v/m         66.0f.68     vex       evex.w0.kz
vpunpckhwd   v,v,v/m         66.0f.69     vex       evex.w0.kz
vpunpckhdq   v,v,v/m/b32     66.0f.6a     vex       evex.w0.kz
vpunpckhqdq  v,v,v/m/b64     66.0f.6d     vex       evex.w1.kz
vpermd       v,v,v/m/b32     66.0f38.36   vex.w0.256  evex.w0.kz.256.512
vpermq       v,v/m/b64,i8    66.0f3a.00   vex.w1.256  evex.w1.kz.256.512
vpermq       v,v,v/m/b64     66.0f38.36   evex.w1.kz.256.512
vpermw       v,v,v/m         66.0f38.8d   evex.w1.kz
vpermi2w     v,v,v/m         66.0f38.75   evex.w1.kz
vpermi2d     v,v,v/m/b32     66.0f38.76   evex.w0.kz
vpermi2q     v,v,v/m/b64     66.0f38.76   evex.w1.kz
vpermt2w     v,v,v/m         66.0f38.7d   evex.w1.kz
vpermt2d     v,v,v/m/b32     66.0f38.7e   evex.w0.kz
vpermt2q     v,v,v/m/b64     66.0f38.7e   evex.w1.kz
vdbpsadbw    v,v,v/m,i8      66.0f3a.42   evex.w0.kz

# gathers and scatters
vpgatherdd   v,gv32,v        66.0f38.90   vex.w0
vpgatherdq   v,gh64,v        66.0f38.90   vex.w1
vpgatherqd   h,gv32,h        66.0f38.91   vex.w0
vpgatherqq   v,gv64,v        66.0f38.91   vex.w1
vpgatherdd   v,gv32          66.0f38.90   evex.w0.mask
vpgatherdq   v,gh64          66.0f38.90   evex.w1.mask
vpgatherqd   h,gv32          66.0f38.91   evex.w0.mask
vpgatherqq   v,gv64          66.0f38.91   evex.w1.mask
vpscatterdd  gv32,v          66.0f38.a0   evex.w0.mask
vpscatterdq  gh64,v          66.0f38.a0   evex.w1.mask
vpscatterqd  gv32,h          66.0f38.a1   evex.w0.mask
vpscatterqq  gv64,v          66.0f38.a1   evex.w1.mask
`;
