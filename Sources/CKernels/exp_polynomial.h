// Minimax polynomial of (e^r - 1 - r) / r² on |r| ≤ ½ ln 2, by Horner's rule with fma. Body of exp_tail.
#if EK_IS_F32
  T p = 0x1.a17ee0p-13f;
  p = FMA(p, r, 0x1.6d43b2p-10f);
  p = FMA(p, r, 0x1.1110aap-7f);
  p = FMA(p, r, 0x1.5554e8p-5f);
  p = FMA(p, r, 0x1.555556p-3f);
  p = FMA(p, r, 0x1.000000p-1f);
#else
  T p = 0x1.61da0a22e0343p-33;
  p = FMA(p, r, 0x1.1f7f6a78c55cfp-29);
  p = FMA(p, r, 0x1.ae641b16cc63cp-26);
  p = FMA(p, r, 0x1.27e4d3f525dd1p-22);
  p = FMA(p, r, 0x1.71de3a5ed6f56p-19);
  p = FMA(p, r, 0x1.a01a01a9f721ap-16);
  p = FMA(p, r, 0x1.a01a01a01889bp-13);
  p = FMA(p, r, 0x1.6c16c16c15a48p-10);
  p = FMA(p, r, 0x1.1111111111113p-7);
  p = FMA(p, r, 0x1.5555555555557p-5);
  p = FMA(p, r, 0x1.5555555555555p-3);
  p = FMA(p, r, 0x1.000000p-1);
#endif
  return p;
