/** Integer, control and system instructions. `../parse-row.ts` describes the notation. */

export const INTEGER_ROWS = `
# arithmetic on two operands
add        r/m,s8          83/0
add        a,iz            05
add        r/m,iz          81/0
add        r/m,r           01
add        r,r/m           03
add        al,i8           04
add        r8/m8,i8        80/0
add        r8/m8,r8        00
add        r8,r8/m8        02
or         r/m,s8          83/1
or         a,iz            0d
or         r/m,iz          81/1
or         r/m,r           09
or         r,r/m           0b
or         al,i8           0c
or         r8/m8,i8        80/1
or         r8/m8,r8        08
or         r8,r8/m8        0a
adc        r/m,s8          83/2
adc        a,iz            15
adc        r/m,iz          81/2
adc        r/m,r           11
adc        r,r/m           13
sbb        r/m,s8          83/3
sbb        a,iz            1d
sbb        r/m,iz          81/3
sbb        r/m,r           19
sbb        r,r/m           1b
and        r/m,s8          83/4
and        a,iz            25
and        r/m,iz          81/4
and        r/m,r           21
and        r,r/m           23
and        al,i8           24
and        r8/m8,i8        80/4
and        r8/m8,r8        20
and        r8,r8/m8        22
sub        r/m,s8          83/5
sub        a,iz            2d
sub        r/m,iz          81/5
sub        r/m,r           29
sub        r,r/m           2b
sub        al,i8           2c
sub        r8/m8,i8        80/5
sub        r8/m8,r8        28
sub        r8,r8/m8        2a
xor        r/m,s8          83/6
xor        a,iz            35
xor        r/m,iz          81/6
xor        r/m,r           31
xor        r,r/m           33
xor        al,i8           34
xor        r8/m8,i8        80/6
xor        r8/m8,r8        30
xor        r8,r8/m8        32
cmp        r/m,s8          83/7
cmp        a,iz            3d
cmp        r/m,iz          81/7
cmp        r/m,r           39
cmp        r,r/m           3b
cmp        al,i8           3c
cmp        r8/m8,i8        80/7
cmp        r8/m8,r8        38
cmp        r8,r8/m8        3a
test       a,iz            a9
test       r/m,iz          f7/0
test       r/m,r           85
test       al,i8           a8
test       r8/m8,i8        f6/0
test       r8/m8,r8        84

# moves
mov        r/m,r           89
mov        r,r/m           8b
mov        r8/m8,r8        88
mov        r8,r8/m8        8a
mov        r8,i8           b0+r
mov        r16,i16         b8+r          o16
mov        r32,i32         b8+r
mov        r64,s32         c7/0          w1
mov        r64,i64         b8+r          w1
mov        m8,i8           c6/0
mov        m,iz            c7/0
movzx      r,r8/m8         0f.b6
movzx      r,r16/m16       0f.b7         32.64
movsx      r,r8/m8         0f.be
movsx      r,r16/m16       0f.bf         32.64
movsxd     r64,r32/m32     63            w1
movbe      r,m             0f38.f0
movbe      m,r             0f38.f1
movnti     m,r             0f.c3         32.64
lea        r,mem           8d
bswap      r               0f.c8+r       32.64
push       r64             50+r
push       s8              6a
push       s32             68
push       m64             ff/6
pop        r64             58+r
pop        m64             8f/0
cmovCC     r,r/m           0f.40
setCC      r8/m8           0f.90/0

# one operand; mul and div work on rdx:rax
inc        r/m             ff/0
inc        r8/m8           fe/0
dec        r/m             ff/1
dec        r8/m8           fe/1
not        r/m             f7/2
not        r8/m8           f6/2
neg        r/m             f7/3
neg        r8/m8           f6/3
mul        r/m             f7/4
imul       r/m             f7/5
imul       r,r/m           0f.af
imul       r,r/m,s8        6b
imul       r,r/m,iz        69
div        r/m             f7/6
idiv       r/m             f7/7
cwd        -               99            o16
cdq        -               99
cqo        -               99            w1
cbw        -               98            o16
cwde       -               98
cdqe       -               98            w1

# shifts and bits
rol        r/m,one         d1/0
rol        r/m,i8          c1/0
rol        r/m,cl          d3/0
rcl        r/m,one         d1/2
rcl        r/m,i8          c1/2
rcl        r/m,cl          d3/2
rcr        r/m,one         d1/3
rcr        r/m,i8          c1/3
rcr        r/m,cl          d3/3
ror        r/m,one         d1/1
ror        r/m,i8          c1/1
ror        r/m,cl          d3/1
shl        r/m,one         d1/4
shl        r/m,i8          c1/4
shl        r/m,cl          d3/4
shl        r8/m8,one       d0/4
shl        r8/m8,i8        c0/4
shl        r8/m8,cl        d2/4
shr        r/m,one         d1/5
shr        r/m,i8          c1/5
shr        r/m,cl          d3/5
shr        r8/m8,one       d0/5
shr        r8/m8,i8        c0/5
shr        r8/m8,cl        d2/5
sar        r/m,one         d1/7
sar        r/m,i8          c1/7
sar        r/m,cl          d3/7
sar        r8/m8,one       d0/7
sar        r8/m8,i8        c0/7
sar        r8/m8,cl        d2/7
shld       r/m,r,i8        0f.a4
shld       r/m,r,cl        0f.a5
shrd       r/m,r,i8        0f.ac
shrd       r/m,r,cl        0f.ad
bt         r/m,i8          0f.ba/4
bt         r/m,r           0f.a3
bts        r/m,i8          0f.ba/5
bts        r/m,r           0f.ab
btr        r/m,i8          0f.ba/6
btr        r/m,r           0f.b3
btc        r/m,i8          0f.ba/7
btc        r/m,r           0f.bb
bsf        r,r/m           0f.bc
bsr        r,r/m           0f.bd
popcnt     r,r/m           f3.0f.b8
tzcnt      r,r/m           f3.0f.bc
lzcnt      r,r/m           f3.0f.bd
adcx       r,r/m           66.0f38.f6    32.64
adox       r,r/m           f3.0f38.f6    32.64
andn       r,r,r/m         np.0f38.f2    vex
bextr      r,r/m,r         np.0f38.f7    vex
blsr       r,r/m           np.0f38.f3/1  vex
blsmsk     r,r/m           np.0f38.f3/2  vex
blsi       r,r/m           np.0f38.f3/3  vex
bzhi       r,r/m,r         np.0f38.f5    vex
pdep       r,r,r/m         f2.0f38.f5    vex
pext       r,r,r/m         f3.0f38.f5    vex
mulx       r,r,r/m         f2.0f38.f6    vex
rorx       r,r/m,i8        f2.0f3a.f0    vex
shlx       r,r/m,r         66.0f38.f7    vex
sarx       r,r/m,r         f3.0f38.f7    vex
shrx       r,r/m,r         f2.0f38.f7    vex

# threads; xchg with memory is locked by itself
xchg       r/m,r           87
xchg       r8/m8,r8        86
xadd       r/m,r           0f.c1
xadd       r8/m8,r8        0f.c0
cmpxchg    r/m,r           0f.b1
cmpxchg    r8/m8,r8        0f.b0
cmpxchg16b m128            0f.c7/1       w1
lock_xadd       m,r        0f.c1         lock
lock_cmpxchg    m,r        0f.b1         lock
lock_cmpxchg16b m128       0f.c7/1       lock.w1
lock_add   m,s8            83/0          lock
lock_add   m,iz            81/0          lock
lock_add   m,r             01            lock
lock_or    m,s8            83/1          lock
lock_or    m,iz            81/1          lock
lock_or    m,r             09            lock
lock_and   m,s8            83/4          lock
lock_and   m,iz            81/4          lock
lock_and   m,r             21            lock
lock_sub   m,s8            83/5          lock
lock_sub   m,iz            81/5          lock
lock_sub   m,r             29            lock
lock_xor   m,s8            83/6          lock
lock_xor   m,iz            81/6          lock
lock_xor   m,r             31            lock
lock_inc   m               ff/0          lock
lock_dec   m               ff/1          lock
lock_not   m               f7/2          lock
lock_neg   m               f7/3          lock
lock_bts   m,i8            0f.ba/5       lock
lock_btr   m,i8            0f.ba/6       lock
pause      -               f3.90
mfence     -               0f.ae.f0
lfence     -               0f.ae.e8
sfence     -               0f.ae.f8

# control
jmp        label           eb
jmp        r64/m64         ff/4
jCC        label           70
call       label           e8
call       r64/m64         ff/2
ret        -               c3
ret        i16             c2
leave      -               c9
nop        -               90
nop        r/m             0f.1f/0
int3       -               cc
ud2        -               0f.0b
syscall    -               0f.05
endbr64    -               f3.0f.1e.fa
cpuid      -               0f.a2
xgetbv     -               0f.01.d0
rdtsc      -               0f.31
rdtscp     -               0f.01.f9
cld        -               fc
std        -               fd
stc        -               f9
clc        -               f8
cmc        -               f5
pushfq     -               9c
popfq      -               9d
rep_movsb  -               f3.a4
rep_movsq  -               f3.a5         w1
rep_stosb  -               f3.aa
rep_stosq  -               f3.ab         w1

# caches
prefetchnta m8             0f.18/0
prefetcht0 m8              0f.18/1
prefetcht1 m8              0f.18/2
prefetcht2 m8              0f.18/3
prefetchw  m8              0f.0d/1
clflush    m8              0f.ae/7
clflushopt m8              66.0f.ae/7
ldmxcsr    m32             0f.ae/2
stmxcsr    m32             0f.ae/3
`;
